//! The log file: one per day, `app.log` always names the newest, seven days are kept.
//!
//! A day's lines go to `app.log.2026-11-23`, and `app.log` is a link to it. So several processes may
//! share the directory: all append to the same file, and none renames it under the others.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

/// The name that the runbook tails and greps.
const LINK: &str = "app.log";

/// Days before today whose files are kept; with today's they are seven.
const KEPT_DAYS: i64 = 6;

/// A file that begins anew every day (UTC, as the time stamps in it).
#[derive(Debug)]
pub(super) struct DailyFile {
    directory: PathBuf,
    day: Date,
    file: File,
}

impl DailyFile {
    /// Opens today's file in a directory, which is made if need be.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        Self::open_on(directory, today())
    }

    fn open_on(directory: &Path, day: Date) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let file = begin(directory, day)?;
        Ok(Self { directory: directory.to_owned(), day, file })
    }

    /// When the new day's file can't be opened, the old one serves on.
    fn turn_to(&mut self, day: Date) {
        if day == self.day {
            return;
        }
        if let Ok(file) = begin(&self.directory, day) {
            self.file = file;
        }
        self.day = day;
    }
}

impl Write for DailyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.turn_to(today());
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn today() -> Date {
    Offset::UTC.to_datetime(Timestamp::now()).date()
}

fn begin(directory: &Path, day: Date) -> io::Result<File> {
    let name = format!("{LINK}.{day}");
    adopt_plain_file(directory, &name)?;
    let file = OpenOptions::new().append(true).create(true).open(directory.join(&name))?;
    point_link_at(directory, &name)?;
    remove_old(directory, day)?;
    Ok(file)
}

/// An `app.log` that is a file of its own (somebody redirected stdout to it) isn't lost.
fn adopt_plain_file(directory: &Path, name: &str) -> io::Result<()> {
    let (link, target) = (directory.join(LINK), directory.join(name));
    let is_plain = fs::symlink_metadata(&link).is_ok_and(|metadata| metadata.is_file());
    if !is_plain {
        return Ok(());
    }
    if target.exists() {
        let problem = format!("{LINK} is a plain file, move it away");
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, problem));
    }
    fs::rename(link, target)
}

/// A link can't be changed, but a new one can take its place in one step.
fn point_link_at(directory: &Path, name: &str) -> io::Result<()> {
    let fresh = directory.join(format!(".{LINK}.{}", std::process::id()));
    let _ = fs::remove_file(&fresh);
    symlink(name, &fresh)?;
    fs::rename(fresh, directory.join(LINK))
}

fn remove_old(directory: &Path, day: Date) -> io::Result<()> {
    let oldest_kept = day.saturating_sub(Span::new().days(KEPT_DAYS));
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let written = name.to_str().and_then(|name| name.strip_prefix(LINK)?.strip_prefix('.'));
        let written: Option<Date> = written.and_then(|text| text.parse().ok());
        if written.is_some_and(|written| written < oldest_kept) {
            // Another process of the fleet may have been faster.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// A directory of its own that goes with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Self(std::env::temp_dir().join(format!("cad-log-{}", uuid::Uuid::new_v4())))
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        }

        fn current(&self) -> String {
            fs::read_to_string(self.0.join(LINK)).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn app_log_names_the_file_that_is_written() {
        let folder = Folder::new();

        let mut file = DailyFile::open(&folder.0).unwrap();
        file.write_all(b"line\n").unwrap();

        assert_eq!(folder.current(), "line\n");
    }

    #[test]
    fn new_day_begins_a_new_file_and_keeps_the_old_one() {
        let folder = Folder::new();
        let mut file = DailyFile::open_on(&folder.0, date(2026, 11, 23)).unwrap();
        file.file.write_all(b"old\n").unwrap();

        file.turn_to(date(2026, 11, 24));
        file.file.write_all(b"new\n").unwrap();

        assert_eq!(folder.current(), "new\n");
        assert_eq!(folder.names(), ["app.log", "app.log.2026-11-23", "app.log.2026-11-24"]);
    }

    #[test]
    fn seven_days_are_kept_and_foreign_files_stay() {
        let folder = Folder::new();
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join("app.log.old"), "").unwrap();
        let mut file = DailyFile::open_on(&folder.0, date(2026, 11, 1)).unwrap();

        for day in 2..=10 {
            file.turn_to(date(2026, 11, day));
        }

        let names = folder.names();
        assert_eq!(names.first().map(String::as_str), Some("app.log"));
        assert_eq!(names.get(1).map(String::as_str), Some("app.log.2026-11-04"));
        assert_eq!(names.get(7).map(String::as_str), Some("app.log.2026-11-10"));
        assert_eq!(names.get(8).map(String::as_str), Some("app.log.old"));
        assert_eq!(names.len(), 9);
    }

    #[test]
    fn two_processes_append_to_one_file_over_midnight() {
        let folder = Folder::new();
        let mut api = DailyFile::open_on(&folder.0, date(2026, 11, 23)).unwrap();
        let mut worker = DailyFile::open_on(&folder.0, date(2026, 11, 23)).unwrap();

        api.turn_to(date(2026, 11, 24));
        api.file.write_all(b"api\n").unwrap();
        worker.turn_to(date(2026, 11, 24));
        worker.file.write_all(b"worker\n").unwrap();

        assert_eq!(folder.current(), "api\nworker\n");
    }

    #[test]
    fn plain_app_log_is_carried_on() {
        let folder = Folder::new();
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.0.join(LINK), "before\n").unwrap();

        let mut file = DailyFile::open(&folder.0).unwrap();
        file.write_all(b"after\n").unwrap();

        assert_eq!(folder.current(), "before\nafter\n");
    }
}
