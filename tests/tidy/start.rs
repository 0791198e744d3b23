//! The start script on machines that lack this or that, played by a `PATH` of stand-ins.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// A machine of one's own: a home, a folder to stand in, and only the commands it is given.
struct Machine(TempDir);

/// What a run said and how it ended.
struct Run {
    status: Option<i32>,
    out: String,
    error: String,
}

impl Machine {
    /// A person without rights, with a compiler and Rust, and the program built.
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for folder in ["bin", "home", "here", "target/release"] {
            fs::create_dir_all(machine.path(folder)).unwrap();
        }
        for tool in [
            "bash", "sh", "sed", "sort", "uname", "dirname", "readlink", "mkdir", "chmod",
        ] {
            let real = ["/usr/bin", "/bin"]
                .map(|folder| PathBuf::from(folder).join(tool))
                .into_iter()
                .find(|path| path.exists());
            symlink(real.unwrap(), machine.path("bin").join(tool)).unwrap();
        }
        machine.script("bin/id", "echo 1000");
        machine.script("bin/cc", "exit 0");
        machine.script("bin/curl", "exit 22");
        machine.script("bin/cargo", "exit 0");
        machine.script("bin/rustc", "echo 'rustc 9.9.9 (a date)'");
        machine.script(
            "target/release/losscope",
            "echo \"$PWD\"; printf '<%s>' \"$@\"; exit 7",
        );
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn script(&self, name: &str, body: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn without(self, command: &str) -> Self {
        fs::remove_file(self.path("bin").join(command)).unwrap();
        self
    }

    fn start(&self, args: &[&str]) -> Run {
        let output = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/start.sh"))
            .args(args)
            .current_dir(self.path("here"))
            .env_clear()
            .env("PATH", self.path("bin"))
            .env("HOME", self.path("home"))
            .env("CARGO_TARGET_DIR", self.path("target"))
            .output()
            .unwrap();
        Run {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            error: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

#[test]
fn the_program_gets_its_arguments_where_the_person_stands_and_its_status_comes_back() {
    let machine = Machine::new();
    let run = machine.start(&["inspect", "a b.pt", ""]);
    let here = machine.path("here").canonicalize().unwrap();
    let expected = format!("{}\n<inspect><a b.pt><>", here.display());
    assert_eq!((run.out, run.status), (expected, Some(7)), "{}", run.error);
}

#[cfg(target_os = "linux")]
#[test]
fn without_a_screen_the_report_is_written_where_nothing_is_yet() {
    let machine = Machine::new();
    for folder in ["losscope-report", "losscope-report-2"] {
        let run = machine.start(&[]);
        let folder = machine.path("here").canonicalize().unwrap().join(folder);
        let page = folder.join("report.html");
        let expected = format!("<report><--output><{}>", page.display());
        assert!(run.out.ends_with(&expected), "{} {}", run.out, run.error);
        assert!(
            run.error.contains(folder.to_str().unwrap()),
            "{}",
            run.error
        );
        assert!(folder.is_dir());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn without_rights_it_says_what_to_ask_for() {
    let run = Machine::new().without("cc").start(&[]);
    assert_eq!(run.status, Some(1), "{}", run.error);
    assert!(run.error.contains("install"), "{}", run.error);
    assert!(run.error.contains("gcc"), "{}", run.error);
    assert!(run.error.contains("C compiler"), "{}", run.error);
    assert!(run.out.is_empty(), "{}", run.out);
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_missing_is_installed_by_one_call_of_sudo() {
    if !["debian_version", "redhat-release", "arch-release"]
        .iter()
        .any(|name| PathBuf::from("/etc").join(name).exists())
    {
        return; // on other systems it only names what is missing
    }
    let machine = Machine::new().without("cc");
    machine.script("bin/sudo", "echo \"$@\" >&2; mv \"$0.cc\" \"${0%sudo}cc\"");
    machine.script("bin/sudo.cc", "exit 0");
    symlink("/bin/mv", machine.path("bin/mv")).unwrap();
    let run = machine.start(&["devices"]);
    assert_eq!(run.status, Some(7), "{}", run.error);
    assert_eq!(run.error.matches("sh -c").count(), 1, "{}", run.error);
}

#[test]
fn rust_that_is_too_old_and_cannot_be_replaced_is_named() {
    let machine = Machine::new();
    machine.script("bin/rustc", "echo 'rustc 1.63.0'");
    let run = machine.start(&["devices"]);
    assert_eq!(run.status, Some(1), "{}", run.error);
    assert!(run.error.contains("https://rustup.rs"), "{}", run.error);
}
