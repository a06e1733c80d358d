use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::{Change, CopyReader, CopyWriter, Root};
use crate::layer::read::Kind;
use crate::layer::{Metadata, Ownership, SinkOptions, Xattr};

const OPTIONS: SinkOptions =
    SinkOptions { privileged: false, ownership: Ownership::Callers, userxattr: true, most_held: usize::MAX };

/// A directory that looks like a container, beside something that is not in it.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rcx-copy-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("root/dir")).unwrap();
        fs::create_dir_all(path.join("outside")).unwrap();
        fs::write(path.join("outside/secret"), "secret").unwrap();
        Self(path)
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn root(&self) -> Root {
        Root::at(&self.at("root")).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        crate::tree::remove_tree(&self.0).unwrap();
    }
}

fn metadata(mode: u32) -> Metadata {
    Metadata { mode, uid: 0, gid: 0, mtime: 1_000_000_000, mtime_nsec: 5, xattrs: Vec::new() }
}

fn write_file(writer: &mut CopyWriter, path: &str, content: &[u8]) -> crate::Result<()> {
    writer.begin_file(path.as_bytes(), metadata(0o640))?;
    writer.write(content)?;
    writer.end_file()
}

fn read_all(reader: &mut CopyReader) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 7]);
    loop {
        let length = reader.read(&mut buffer).unwrap();
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..length]);
    }
}

#[test]
fn links_of_a_container_stay_in_it() {
    let scratch = Scratch::new("links");
    symlink(scratch.at("outside"), scratch.at("root/absolute")).unwrap();
    symlink("../../../../outside/secret", scratch.at("root/dir/up")).unwrap();
    symlink("/dir/new", scratch.at("root/dangling")).unwrap();
    let root = scratch.root();
    assert!(root.look(b"/absolute/secret", true).unwrap().is_none());
    assert!(root.look(b"/dir/up", true).unwrap().is_none());
    assert!(root.look(b"/../../outside", true).unwrap().is_none());
    assert!(CopyReader::open(&root, b"/absolute/secret", true).is_err());
    assert_eq!(root.real(b"/dir/up").unwrap(), b"/outside/secret");
    assert_eq!(root.real(b"/dangling").unwrap(), b"/dir/new");
    assert_eq!(root.real(b"/..").unwrap(), b"/");
    let link = root.look(b"/dangling", false).unwrap().unwrap();
    assert_eq!(link.kind, Kind::Symlink { target: b"/dir/new".to_vec() });
    // The slash says that what it leads to is meant.
    assert!(root.look(b"/dir/", false).unwrap().is_some());
    symlink("dir", scratch.at("root/folder")).unwrap();
    assert!(matches!(root.look(b"/folder/", false).unwrap().unwrap().kind, Kind::Directory { .. }));
}

#[test]
fn a_tree_is_read_by_descriptor() {
    let scratch = Scratch::new("read");
    fs::write(scratch.at("root/dir/b"), "content of b").unwrap();
    let odd = std::ffi::OsString::from_vec(b"a\xff".to_vec());
    fs::write(scratch.at("root/dir").join(&odd), "odd").unwrap();
    symlink(scratch.at("outside"), scratch.at("root/dir/link")).unwrap();
    fs::hard_link(scratch.at("root/dir/b"), scratch.at("root/dir/z")).unwrap();
    let mut reader = CopyReader::open(&scratch.root(), b"/dir", false).unwrap();
    // What was opened is read, whatever has its name now.
    fs::rename(scratch.at("root/dir"), scratch.at("root/gone")).unwrap();
    symlink(scratch.at("outside"), scratch.at("root/dir")).unwrap();
    let mut found = Vec::new();
    while let Some(entry) = reader.next_entry().unwrap() {
        let content = read_all(&mut reader);
        found.push((entry.path, entry.shared, content));
    }
    let expected: [(&[u8], bool, &[u8]); 5] = [
        (b"", true, b""),
        (b"a\xff", false, b"odd"),
        (b"b", true, b"content of b"),
        (b"link", false, b""),
        (b"z", true, b"content of b"),
    ];
    let found: Vec<_> =
        found.iter().map(|(path, shared, content)| (&path[..], *shared, &content[..])).collect();
    // Whether a directory has several names depends on the file system.
    assert_eq!(found[1..], expected[1..]);
}

#[test]
fn a_file_has_the_length_that_was_told() {
    let scratch = Scratch::new("length");
    for (content, expected, change) in [
        ("0123456789abcdef", &b"0123456789"[..], Some(Change::Grew)),
        ("0123", b"0123\0\0\0\0\0\0", Some(Change::Shrank)),
        ("0123456789", b"0123456789", None),
    ] {
        fs::write(scratch.at("root/file"), "0123456789").unwrap();
        let mut reader = CopyReader::open(&scratch.root(), b"/file", false).unwrap();
        assert_eq!(reader.next_entry().unwrap().unwrap().size, 10);
        fs::write(scratch.at("root/file"), content).unwrap();
        assert_eq!(read_all(&mut reader), expected);
        assert_eq!(reader.change().unwrap(), change);
    }
}

#[test]
fn an_entry_replaces_what_has_its_name_and_never_goes_through_it() {
    let scratch = Scratch::new("replace");
    symlink(scratch.at("outside/secret"), scratch.at("root/dir/file")).unwrap();
    fs::create_dir(scratch.at("root/dir/folder")).unwrap();
    let mut writer = CopyWriter::open(&scratch.root(), b"/dir", OPTIONS).unwrap();
    write_file(&mut writer, "file", b"mine").unwrap();
    let made = scratch.at("root/dir/file").symlink_metadata().unwrap();
    assert_eq!((made.mode() & 0o7777, made.mtime(), made.mtime_nsec()), (0o640, 1_000_000_000, 5));
    assert_eq!(fs::read(scratch.at("root/dir/file")).unwrap(), b"mine");
    assert_eq!(fs::read(scratch.at("outside/secret")).unwrap(), b"secret");
    let error = write_file(&mut writer, "folder", b"").unwrap_err();
    assert_eq!(error.step, "cannot overwrite directory with non-directory");
    let error = writer.directory(b"file", metadata(0o755)).unwrap_err();
    assert_eq!(error.step, "cannot overwrite non-directory with directory");
    writer.symlink(b"file", b"/outside", &metadata(0o777)).unwrap();
    writer.hardlink(b"again", b"file").unwrap();
    assert_eq!(fs::read_link(scratch.at("root/dir/again")).unwrap(), Path::new("/outside"));
    writer.finish().unwrap();
}

#[test]
fn parents_are_made_and_links_of_the_container_followed_inside() {
    let scratch = Scratch::new("parents");
    symlink("/real", scratch.at("root/dir/lib")).unwrap();
    fs::create_dir(scratch.at("root/real")).unwrap();
    symlink(scratch.at("outside"), scratch.at("root/dir/out")).unwrap();
    let mut writer = CopyWriter::open(&scratch.root(), b"/dir", OPTIONS).unwrap();
    write_file(&mut writer, "lib/x", b"x").unwrap();
    write_file(&mut writer, "new/sub/x", b"x").unwrap();
    // Inside the container nothing is there.
    assert!(write_file(&mut writer, "out/secret", b"x").is_err());
    writer.finish().unwrap();
    assert!(scratch.at("root/real/x").exists());
    assert!(scratch.at("root/dir/new/sub/x").exists());
    assert_eq!(fs::read(scratch.at("outside/secret")).unwrap(), b"secret");
}

#[test]
fn on_the_host_no_link_below_the_destination_is_followed() {
    let scratch = Scratch::new("host");
    symlink(scratch.at("outside"), scratch.at("root/out")).unwrap();
    let directory = scratch.at("root");
    let host = Root::host().unwrap();
    let mut writer = CopyWriter::open(&host, directory.as_os_str().as_bytes(), OPTIONS).unwrap();
    let error = write_file(&mut writer, "out/secret", b"x").unwrap_err();
    assert!(error.step.starts_with("copy through a symbolic link"), "{error}");
    for path in ["..", "dir/..", "", "."] {
        assert!(write_file(&mut writer, path, b"x").is_err(), "{path}");
    }
    assert!(write_file(&mut writer, "dir/../../outside/secret", b"x").is_err());
    assert_eq!(fs::read(scratch.at("outside/secret")).unwrap(), b"secret");
}

#[test]
fn a_directory_of_the_archive_must_stay_one() {
    let scratch = Scratch::new("swap");
    fs::create_dir(scratch.at("root/victim")).unwrap();
    let mut writer = CopyWriter::open(&scratch.root(), b"/dir", OPTIONS).unwrap();
    writer.directory(b"a", metadata(0o777)).unwrap();
    writer.directory(b"a/b", metadata(0o777)).unwrap();
    // Somebody in the container leads it elsewhere.
    fs::rename(scratch.at("root/dir/a"), scratch.at("root/dir/old")).unwrap();
    symlink("/victim", scratch.at("root/dir/a")).unwrap();
    fs::create_dir(scratch.at("root/victim/b")).unwrap();
    // What is open already is where it was.
    write_file(&mut writer, "a/x", b"x").unwrap();
    assert!(scratch.at("root/dir/old/x").exists());
    assert!(write_file(&mut writer, "a/b/x", b"x").is_err());
    assert!(writer.finish().is_err());
    assert!(!scratch.at("root/victim/b/x").exists());
    assert_ne!(scratch.at("root/victim").metadata().unwrap().permissions().mode() & 0o777, 0o777);
}

#[test]
fn a_file_without_its_end_is_removed() {
    let scratch = Scratch::new("partial");
    let mut writer = CopyWriter::open(&scratch.root(), b"/dir", OPTIONS).unwrap();
    writer.begin_file(b"file", metadata(0o644)).unwrap();
    writer.write(b"half").unwrap();
    drop(writer);
    assert!(!scratch.at("root/dir/file").exists());
}

#[test]
fn attributes_and_directory_times_are_kept() {
    let scratch = Scratch::new("attributes");
    let xattrs = vec![Xattr { name: c"user.note".to_owned(), value: b"\0\xff".to_vec() }];
    let mut writer = CopyWriter::open(&scratch.root(), b"/dir", OPTIONS).unwrap();
    writer.directory(b"d", Metadata { xattrs: xattrs.clone(), ..metadata(0o500) }).unwrap();
    writer.begin_file(b"d/f", Metadata { xattrs: xattrs.clone(), ..metadata(0o4755) }).unwrap();
    writer.end_file().unwrap();
    writer.finish().unwrap();
    let mut reader = CopyReader::open(&scratch.root(), b"/dir/d", false).unwrap();
    for mode in [0o500, 0o4755] {
        let entry = reader.next_entry().unwrap().unwrap();
        assert_eq!((entry.mode, entry.mtime), (mode, (1_000_000_000, 5)));
        // tmpfs has no attributes of users before Linux 6.6.
        assert!(entry.xattrs.is_empty() || entry.xattrs == xattrs);
    }
}
