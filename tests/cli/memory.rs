//! How much memory files may take: the program runs with a limited address space, in which an
//! allocation beyond the stated bound fails.

use super::{Run, fixture, folder};
use flate2::{Compress, Compression, Crc, FlushCompress};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// Addresses that the program takes before it reads anything: it starts in 150 MiB, most of which is
/// the program itself.
const PROGRAM_MIB: u64 = 200;
/// Addresses of the stack that HDF5 is read on.
const STACK_MIB: u64 = 256;
/// The bound on the content of a small file.
const BOUND_MIB: u64 = 1024;

/// Runs the program with so many MiB of addresses for files.
fn within(mib: u64, folder: &Path, args: &[&str]) -> Run {
    let kib = (PROGRAM_MIB + mib) * 1024;
    let limited = format!("ulimit -v {kib} && exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limited])
        .arg(super::program())
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    Run(output)
}

/// MiB of a byte after `start` as a raw deflate stream, and the checksum of both. Every piece is
/// compressed by itself, so one piece can be repeated for as long as one likes.
fn deflated(start: &[u8], byte: u8, mib: usize) -> (Vec<u8>, Crc) {
    let piece = |content: &[u8]| {
        let mut piece = Vec::with_capacity(content.len() + 100);
        let mut compress = Compress::new(Compression::best(), false);
        compress
            .compress_vec(content, &mut piece, FlushCompress::Full)
            .unwrap();
        let mut crc = Crc::new();
        crc.update(content);
        (piece, crc)
    };
    let (mut stream, mut crc) = piece(start);
    let (more, more_crc) = piece(&vec![byte; 1 << 20]);
    for _ in 0..mib {
        stream.extend_from_slice(&more);
        crc.combine(&more_crc);
    }
    // An empty last block.
    stream.extend_from_slice(&[3, 0]);
    (stream, crc)
}

fn gzipped(start: &[u8], mib: usize) -> Vec<u8> {
    let (stream, crc) = deflated(start, 0, mib);
    let mut bytes = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    bytes.extend(stream);
    bytes.extend(crc.sum().to_le_bytes());
    bytes.extend(crc.amount().to_le_bytes());
    bytes
}

/// A header of safetensors for one tensor of MiB of float32.
fn safetensors_start(mib: usize) -> Vec<u8> {
    let (count, end) = (mib << 18, mib << 20);
    let table =
        format!("{{\"w\":{{\"dtype\":\"F32\",\"shape\":[{count}],\"data_offsets\":[0,{end}]}}}}");
    [&(table.len() as u64).to_le_bytes()[..], table.as_bytes()].concat()
}

fn npy_start(descr: &str, shape: &str) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape},), }}\n");
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\0", &length[..], header.as_bytes()].concat()
}

/// A zip archive of arrays that are each a start and MiB of zeros.
fn npz(arrays: &[(&str, Vec<u8>, usize)]) -> Vec<u8> {
    let member = |(name, start, mib): &(&str, Vec<u8>, usize)| {
        let (stream, crc) = deflated(start, 0, *mib);
        (format!("{name}.npy"), stream, crc)
    };
    zipped(&arrays.iter().map(member).collect::<Vec<_>>())
}

/// A zip archive of deflated members.
fn zipped(members: &[(String, Vec<u8>, Crc)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, stream, crc) in members {
        let at = u32::try_from(bytes.len()).unwrap();
        let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        facts.extend(crc.sum().to_le_bytes());
        facts.extend(u32::try_from(stream.len()).unwrap().to_le_bytes());
        facts.extend(crc.amount().to_le_bytes());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        bytes.extend([b"PK\x03\x04", &facts[..], name.as_bytes(), stream].concat());
        let entry = [
            b"PK\x01\x02\x14\0",
            &facts[..],
            &[0; 10],
            &at.to_le_bytes(),
            name.as_bytes(),
        ];
        directory.extend(entry.concat());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let (at, size) = (bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &count[..], &count].concat());
    bytes.extend([&size.to_le_bytes()[..], &at.to_le_bytes(), &[0, 0]].concat());
    bytes
}

/// The limit is one: the program starts in it, and what is larger doesn't fit.
#[test]
fn the_limit_leaves_room_for_the_program_and_little_more() {
    let dir = folder();
    let sb = fixture("models/mlp/sb.pt");
    within(16, dir.path(), &["inspect", &sb]).succeeds();
    // 512 MiB of honest zeros, uncompressed: more than 256 MiB can't hold them.
    let path = dir.path().join("w.safetensors");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&safetensors_start(512)).unwrap();
    file.set_len(file.metadata().unwrap().len() + (512 << 20))
        .unwrap();
    let run = within(256, dir.path(), &["inspect", "w.safetensors"]);
    run.fails(1, &["`w`", "don't fit into memory", "w.safetensors"]);
}

/// 1 MB of gzip took 2 GB, 10 MB took 3.5 GB before it was refused: the buffer doubled.
#[test]
fn gzipped_files_stay_within_the_bound() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("fits.gz"), gzipped(&safetensors_start(400), 400)).unwrap();
    std::fs::write(at("3g.gz"), gzipped(&safetensors_start(3000), 3000)).unwrap();
    std::fs::write(at("twice.gz"), gzipped(&safetensors_start(700), 700)).unwrap();
    // Its content and its one tensor, and nothing else: the allocator rounds each up to 408 MiB, and it reserves 128
    // addresses of its own where there is room. A third of the size wouldn't fit.
    within(900, dir.path(), &["inspect", "fits.gz"]).succeeds();
    within(64, dir.path(), &["inspect", "3g.gz"])
        .fails(1, &["1024 MiB", "doesn't justify", "3g.gz"]);
    // The content would fit, but not with its tensor beside it.
    within(BOUND_MIB, dir.path(), &["inspect", "twice.gz"])
        .fails(1, &["`w`", "1400 MiB", "1024 MiB", "uncompressed"]);
}

/// Fill values and zeros of a few kilobytes took gigabytes.
#[test]
fn archives_and_hdf5_stay_within_the_bound() {
    let dir = folder();
    let filled = fixture("formats/broken/fill_values.h5");
    // It takes 1.06 GB; the allocator asks for as many addresses again, to align a block of a gigabyte.
    within(
        2 * (BOUND_MIB + STACK_MIB),
        dir.path(),
        &["inspect", &filled],
    )
    .succeeds();
    let array = |name: &'static str| (name, npy_start("<f4", "78643200"), 300);
    let five = ["a", "b", "c", "d", "e"].map(array);
    std::fs::write(dir.path().join("five.npz"), npz(&five)).unwrap();
    // One at a time they fit; all of them are more than such a file may take.
    within(400, dir.path(), &["inspect", "five.npz"]).succeeds();
    let args = ["surface", "--at", "five.npz", "--x=0:0:1"];
    within(BOUND_MIB, dir.path(), &args).fails(1, &["1024 MiB", "five.npz"]);
}

/// A pickle's values take many times the bytes that describe them.
#[test]
fn pickles_stay_within_the_bound() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    let (stream, crc) = deflated(b"\x80\x02", b']', 64);
    let archive = zipped(&[("a/data.pkl".into(), stream, crc)]);
    std::fs::write(at("packed.pt"), archive).unwrap();
    within(64, dir.path(), &["inspect", "packed.pt"]).fails(1, &["data.pkl", "1024 MiB"]);
    // Lists that are remembered: as many values as bytes allow, and a memo of them.
    let magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.}.\x80\x02";
    std::fs::write(
        at("plain.pt"),
        [&magic[..], &b"]\x94".repeat(6 << 20)].concat(),
    )
    .unwrap();
    within(BOUND_MIB, dir.path(), &["inspect", "plain.pt"]).fails(1, &["4194304 values"]);
}

/// A data file of 4 MB took 4.4 GB; there was no bound at all.
#[test]
fn data_stays_within_the_bound() {
    let dir = folder();
    let labels = || ("y", npy_start("|u1", "1048576"), 1);
    let x = |mib: usize| {
        let shape = format!("1048576, {mib}");
        ("x", npy_start("|u1", &shape), mib)
    };
    std::fs::write(dir.path().join("large.npz"), npz(&[x(3000), labels()])).unwrap();
    std::fs::write(dir.path().join("fits.npz"), npz(&[x(64), labels()])).unwrap();
    let surface = |data| {
        let some = ["--samples", "16", "--device", "flex", "--x=0:0:1"];
        [&["surface", "--data", data][..], &some].concat()
    };
    let run = within(BOUND_MIB, dir.path(), &surface("large.npz"));
    run.fails(1, &["array x", "15000 MiB", "1024 MiB", "large.npz"]);
    within(BOUND_MIB, dir.path(), &surface("fits.npz")).succeeds();
    let idx = [
        &[0, 0, 8, 3][..],
        &3_145_728_u32.to_be_bytes(),
        &[0, 0, 0, 32, 0, 0, 0, 32],
    ];
    std::fs::write(
        dir.path().join("a-images-idx3-ubyte.gz"),
        gzipped(&idx.concat(), 3072),
    )
    .unwrap();
    let run = within(64, dir.path(), &surface("a-images-idx3-ubyte.gz"));
    run.fails(1, &["15360 MiB", "1024 MiB", "a-images-idx3-ubyte.gz"]);
}

/// Two files of 379 MB took 3 GB.
#[test]
fn distances_take_one_layer_of_each_file() {
    let dir = folder();
    // Sixteen layers of 16 MiB.
    let width = 2048;
    for (name, value) in [("a", 1.0_f32), ("b", 1.5)] {
        let (mut table, mut at) = (serde_json::Map::new(), 0);
        for layer in 0..16 {
            let end = at + 4 * width * width;
            let entry = serde_json::json!({ "dtype": "F32", "shape": [width, width], "data_offsets": [at, end] });
            table.insert(format!("{layer}.weight"), entry);
            at = end;
        }
        let header = serde_json::Value::Object(table).to_string();
        let mut file = std::fs::File::create(dir.path().join(name)).unwrap();
        file.write_all(&(header.len() as u64).to_le_bytes())
            .unwrap();
        file.write_all(header.as_bytes()).unwrap();
        let layer = value.to_le_bytes().repeat(width * width);
        (0..16).for_each(|_| file.write_all(&layer).unwrap());
    }
    let run = within(96, dir.path(), &["distance", "a", "b", "--json"]).succeeds();
    let json: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let found = &json["distances"];
    // √(16 · 2048²) · 0.5
    assert_eq!(found[0]["distance"]["total"], 4096.0);
    assert_eq!(
        found[0]["distance"]["layers"].as_array().map(Vec::len),
        Some(16)
    );
}
