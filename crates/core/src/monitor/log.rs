//! The container's output on disk: a line of JSON for each line, as docker's `json-file` driver writes it. What is not UTF-8
//! is kept byte for byte, in base64.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::config::{LogConfig, LogDriver};
use crate::clock::Timestamp;

/// The file in the container's folder; rotated ones have `.1`, `.2` … behind their name, the higher the older.
pub const FILE: &str = "container.log";
/// A longer line is written in pieces of this many bytes; all but its last have no newline at their end.
const MAX_LINE: usize = 16 * 1024;

/// Bytes that are written at once, or soon afterwards: of empty lines the log has many times what came.
const MOST_BUFFERED: usize = 4 * MAX_LINE;

/// Where a byte came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output; with a terminal, all output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// Writes the log of one container.
#[derive(Debug)]
pub struct Log {
    file: Option<Rotated>,
    /// Bytes of lines that have not ended yet, by stream.
    partial: [Vec<u8>; 2],
    /// What is going to be written at once.
    buffer: Vec<u8>,
}

impl Log {
    /// Continues the log in the container's folder. A log that cannot be opened must not keep the container from running: what
    /// comes is counted as lost, and tried again.
    pub fn open(folder: &Path, config: &LogConfig) -> Self {
        let file = match config.driver {
            LogDriver::None => None,
            LogDriver::JsonFile => Some(Rotated::new(folder.join(FILE), config)),
        };
        Self { file, partial: [Vec::new(), Vec::new()], buffer: Vec::new() }
    }

    /// Adds what came from a stream.
    pub fn add(&mut self, stream: Stream, mut bytes: &[u8]) {
        if self.file.is_none() {
            return;
        }
        let now = Timestamp::now();
        while !bytes.is_empty() {
            let partial = &mut self.partial[stream as usize];
            let room = MAX_LINE - partial.len();
            let end = bytes.iter().take(room).position(|byte| *byte == b'\n').map(|at| at + 1);
            let taken = end.unwrap_or(room.min(bytes.len()));
            let (now_bytes, rest) = bytes.split_at(taken);
            bytes = rest;
            if end.is_none() && partial.len() + taken < MAX_LINE {
                partial.extend_from_slice(now_bytes);
            } else if partial.is_empty() {
                encode(&mut self.buffer, stream, now_bytes, now);
            } else {
                partial.extend_from_slice(now_bytes);
                let line = std::mem::take(partial);
                encode(&mut self.buffer, stream, &line, now);
            }
            if self.buffer.len() > MOST_BUFFERED {
                self.write();
            }
        }
        self.write();
    }

    /// Writes what has come of lines that will not end any more.
    pub fn finish(&mut self) {
        if self.file.is_none() {
            return;
        }
        let now = Timestamp::now();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = std::mem::take(&mut self.partial[stream as usize]);
            if !line.is_empty() {
                encode(&mut self.buffer, stream, &line, now);
            }
        }
        self.write();
    }

    fn write(&mut self) {
        if let Some(file) = &mut self.file {
            file.write(&self.buffer);
        }
        self.buffer.clear();
        // A burst must not stay in this process' memory.
        self.buffer.shrink_to(MOST_BUFFERED);
    }
}

fn encode(to: &mut Vec<u8>, stream: Stream, line: &[u8], time: Timestamp) {
    to.extend_from_slice(b"{");
    match std::str::from_utf8(line) {
        Ok(text) => {
            to.extend_from_slice(b"\"log\":");
            quote(to, text);
        }
        Err(_) => {
            to.extend_from_slice(b"\"base64\":\"");
            base64(to, line);
            to.push(b'"');
        }
    }
    // Writing to memory cannot fail.
    drop(writeln!(to, ",\"stream\":\"{}\",\"time\":\"{time}\"}}", stream.name()));
}

/// A JSON string (RFC 8259 §7).
fn quote(to: &mut Vec<u8>, text: &str) {
    to.push(b'"');
    for byte in text.bytes() {
        match byte {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            b'\n' => to.extend_from_slice(b"\\n"),
            b'\r' => to.extend_from_slice(b"\\r"),
            b'\t' => to.extend_from_slice(b"\\t"),
            0..0x20 => drop(write!(to, "\\u{byte:04x}")),
            _ => to.push(byte),
        }
    }
    to.push(b'"');
}

/// RFC 4648 §4.
fn base64(to: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            to.push(if digit <= group.len() { DIGITS[index] } else { b'=' });
        }
    }
}

/// A file that makes way for a new one when it is full.
#[derive(Debug)]
struct Rotated {
    path: PathBuf,
    max_size: u64,
    max_file: u32,
    open: Option<(File, u64)>,
    /// Bytes that could not be written.
    lost: u64,
}

impl Rotated {
    fn new(path: PathBuf, config: &LogConfig) -> Self {
        Self { path, max_size: config.max_size, max_file: config.max_file.max(1), open: None, lost: 0 }
    }

    /// Writes whole lines. What a full disk refuses is lost, and the log says so once there is room again: the container's
    /// work is worth more than its log.
    fn write(&mut self, mut lines: &[u8]) {
        while !lines.is_empty() {
            let fitting = self.fitting(lines);
            let (now, later) = lines.split_at(fitting);
            lines = later;
            if self.append(now).is_err() {
                self.lost += now.len() as u64;
                // The next attempt opens it anew: somebody may have removed it.
                self.open = None;
            }
        }
    }

    /// Bytes of the lines that go into the current file: one at least.
    fn fitting(&mut self, lines: &[u8]) -> usize {
        if self.max_size == 0 {
            return lines.len();
        }
        let mut room = self.room();
        let first = lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |at| at + 1);
        if room < first as u64 {
            self.rotate();
            room = self.max_size;
        }
        if lines.len() as u64 <= room {
            return lines.len();
        }
        let most = usize::try_from(room).unwrap_or(usize::MAX).min(lines.len());
        lines[..most].iter().rposition(|byte| *byte == b'\n').map_or(first, |at| at + 1)
    }

    fn room(&mut self) -> u64 {
        let size = self.file().map_or(0, |(_, size)| *size);
        self.max_size.saturating_sub(size)
    }

    fn append(&mut self, lines: &[u8]) -> std::io::Result<()> {
        let lost = self.lost;
        let (file, size) = self.file()?;
        if lost > 0 {
            let note = format!("rcx: {lost} bytes of the log were lost: they could not be written\n");
            let mut line = Vec::new();
            encode(&mut line, Stream::Stderr, note.as_bytes(), Timestamp::now());
            write_whole(file, size, &line)?;
            self.lost = 0;
        }
        let (file, size) = self.file()?;
        write_whole(file, size, lines)
    }

    fn file(&mut self) -> std::io::Result<&mut (File, u64)> {
        if self.open.is_none() {
            let file = OpenOptions::new().append(true).create(true).mode(0o640).open(&self.path)?;
            let size = file.metadata()?.len();
            self.open = Some((file, size));
        }
        self.open.as_mut().ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    /// The newest becomes `.1`, and so on; the oldest goes.
    fn rotate(&mut self) {
        self.open = None;
        let numbered = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        for number in (1..self.max_file.saturating_sub(1)).rev() {
            // One that is not there yet has no place to go to.
            drop(fs::rename(numbered(number), numbered(number + 1)));
        }
        let failed = if self.max_file > 1 {
            fs::rename(&self.path, numbered(1)).is_err()
        } else {
            fs::remove_file(&self.path).is_err()
        };
        if failed {
            // Better a log that is too long than none.
            self.max_size = 0;
        }
    }
}

/// A line that was written in part would make the next one unreadable, too: it is taken back.
fn write_whole(file: &mut File, size: &mut u64, bytes: &[u8]) -> std::io::Result<()> {
    match file.write_all(bytes) {
        Ok(()) => {
            *size += bytes.len() as u64;
            Ok(())
        }
        Err(error) => {
            // When even that fails, a reader passes over the broken line.
            drop(file.set_len(*size));
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> PathBuf {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("rcx-log-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn lines(path: &Path) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn logs(path: &Path) -> Vec<String> {
        lines(path).iter().map(|line| line["log"].as_str().unwrap_or("(base64)").to_owned()).collect()
    }

    #[test]
    fn lines_come_whole_however_they_were_read() {
        let folder = folder();
        let mut log = Log::open(&folder, &LogConfig::default());
        log.add(Stream::Stdout, b"one\ntw");
        log.add(Stream::Stderr, b"error\n");
        log.add(Stream::Stdout, b"o\n\nlast");
        log.finish();
        let path = folder.join(FILE);
        assert_eq!(logs(&path), ["one\n", "error\n", "two\n", "\n", "last"]);
        assert_eq!(lines(&path)[1]["stream"], "stderr");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_byte_is_kept() {
        let folder = folder();
        let mut log = Log::open(&folder, &LogConfig::default());
        let all: Vec<u8> = (0..=255).filter(|byte| *byte != b'\n').collect();
        log.add(Stream::Stdout, &all);
        log.add(Stream::Stdout, b"\nplain \x01\"\\\t\r\x7f\n");
        let lines = lines(&folder.join(FILE));
        assert_eq!(lines[1]["log"], "plain \x01\"\\\t\r\x7f\n");
        let text = lines[0]["base64"].as_str().unwrap();
        assert!(text.starts_with("AAECAwQFBgcICQsM") && text.ends_with("9/j5+vv8/f7/Cg=="), "{text}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn long_lines_come_in_pieces_of_which_the_last_alone_has_a_newline() {
        let folder = folder();
        let mut log = Log::open(&folder, &LogConfig::default());
        log.add(Stream::Stdout, "x".repeat(2 * MAX_LINE + 5).as_bytes());
        log.add(Stream::Stdout, b"\n");
        let lengths: Vec<usize> = logs(&folder.join(FILE)).iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE, 6]);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn full_files_make_way_and_the_oldest_goes() {
        let folder = folder();
        let config = LogConfig { max_size: 200, max_file: 3, ..LogConfig::default() };
        let mut log = Log::open(&folder, &config);
        for number in 0..20 {
            log.add(Stream::Stdout, format!("line {number:02}\n").as_bytes());
        }
        let path = folder.join(FILE);
        let all: Vec<String> = ["container.log.2", "container.log.1", FILE]
            .iter()
            .flat_map(|name| logs(&folder.join(name)))
            .collect();
        assert_eq!(all.last().unwrap(), "line 19\n");
        assert_eq!(all, (20 - all.len()..20).map(|n| format!("line {n:02}\n")).collect::<Vec<_>>());
        assert!(fs::metadata(&path).unwrap().len() <= 200);
        assert!(!folder.join("container.log.3").exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_burst_is_cut_where_files_end() {
        let folder = folder();
        let config = LogConfig { max_size: 1000, max_file: 100, ..LogConfig::default() };
        let mut log = Log::open(&folder, &config);
        let burst: String = (0..200).map(|n| format!("{n:03}\n")).collect();
        log.add(Stream::Stdout, burst.as_bytes());
        let mut sizes = Vec::new();
        let mut count = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            sizes.push(fs::metadata(&path).unwrap().len());
            count += lines(&path).len();
        }
        assert_eq!(count, 200);
        assert!(sizes.iter().all(|size| *size <= 1000), "{sizes:?}");
        fs::remove_dir_all(folder).unwrap();
    }
}
