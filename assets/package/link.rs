//! Has the linker leave names out of the program, a quarter of it: cargo's own `strip` doesn't reach a
//! package with an override in its profile. `LOSSCOPE_SYMBOLS=1 cargo build` keeps them, for a profiler.

#![allow(clippy::print_stdout, reason = "so a build script speaks to cargo")]

fn main() {
    println!("cargo::rerun-if-changed=assets/package/link.rs");
    println!("cargo::rerun-if-env-changed=LOSSCOPE_SYMBOLS");
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux");
    if linux && std::env::var_os("LOSSCOPE_SYMBOLS").is_none() {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
