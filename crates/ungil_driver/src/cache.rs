//! Disk cache of object code.
//!
//! One file per specialisation in a private directory, named by its key. A file is a header (magic, checksum,
//! length, kernel name) and the object; it is written under another name and renamed, so that readers see whole
//! files only, and checked before use, so that a damaged one counts as missing.
//!
//! Contract: nothing here waits for another process, and no failure reaches the user: a directory that is missing,
//! read-only, full, foreign or slow turns the cache off and compilation goes on in memory.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

const MAGIC: &[u8; 8] = b"ungil\0c1";
const HEADER: usize = 8 + 32 + 8 + 8;
/// Most bytes the directory holds unless `UNGIL_CACHE_SIZE` (in MiB) says otherwise.
const DEFAULT_LIMIT: u64 = 256 << 20;
/// A file operation slower than this turns the cache off for the process.
const PATIENCE: Duration = Duration::from_millis(500);
/// Stores between two looks at the directory's size.
const STORES_PER_TRIM: u64 = 64;
/// A hit renews a file's time stamp when it is older than this, for the order of eviction.
const RENEW_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Files under a temporary name that are older than this were left by a process that died.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// What identifies a specialisation's object code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key(pub [u8; 32]);

impl Key {
    /// Key of the parts, in order.
    pub fn of(parts: &[&[u8]]) -> Key {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Key(*hasher.finalize().as_bytes())
    }

    fn file_name(self) -> String {
        let hex: String = self.0.iter().take(20).map(|b| format!("{b:02x}")).collect();
        format!("{hex}.ungil")
    }
}

/// What the directory holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    pub entries: u64,
    pub bytes: u64,
}

/// A cache directory.
pub struct Cache {
    directory: Option<PathBuf>,
    limit: u64,
    off: AtomicBool,
    stores: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Cache {
    /// The directory of this user: `UNGIL_CACHE_DIR`, else `ungil` in the XDG cache directory.
    pub fn from_environment() -> Cache {
        let megabytes = std::env::var("UNGIL_CACHE_SIZE").ok().and_then(|v| v.parse::<u64>().ok());
        Cache::new(default_directory(), megabytes.map_or(DEFAULT_LIMIT, |m| m << 20))
    }

    /// A cache in `directory` that keeps at most `limit` bytes. `None`: no cache.
    pub fn new(directory: Option<PathBuf>, limit: u64) -> Cache {
        Cache {
            directory,
            limit,
            off: AtomicBool::new(false),
            stores: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Where entries are kept, if anywhere.
    pub fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Whether a failure has turned the cache off.
    pub fn is_off(&self) -> bool {
        self.directory.is_none() || self.off.load(Ordering::Relaxed)
    }

    /// Look-ups of this process that found an entry, and those that did not.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }

    /// Largest size of the directory.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// The object stored under a key.
    pub fn load(&self, key: Key) -> Option<Vec<u8>> {
        let directory = self.directory.as_deref().filter(|_| !self.is_off())?;
        let path = directory.join(key.file_name());
        let object = self.timed(|| read_entry(&path, key));
        let counter = if object.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        object
    }

    /// Stores an object. Failures turn the cache off for this process.
    pub fn store(&self, key: Key, kernel: &str, object: &[u8]) {
        let Some(directory) = self.directory.as_deref().filter(|_| !self.is_off()) else { return };
        let number = self.stores.fetch_add(1, Ordering::Relaxed);
        let stored = self
            .timed(|| prepare(directory).and_then(|()| write_entry(directory, key, kernel, object, number)));
        if stored.is_err() {
            self.off.store(true, Ordering::Relaxed);
        } else if number.is_multiple_of(STORES_PER_TRIM) {
            self.timed(|| trim(directory, self.limit));
        }
    }

    /// Number and size of the entries.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        for (_, size, _) in self.directory.iter().flat_map(|d| entries(d)) {
            usage.entries += 1;
            usage.bytes += size;
        }
        usage
    }

    /// Removes every entry; returns what was removed.
    pub fn clear(&self) -> Usage {
        let mut removed = Usage::default();
        for (path, size, _) in self.directory.iter().flat_map(|d| entries(d)) {
            if fs::remove_file(path).is_ok() {
                removed.entries += 1;
                removed.bytes += size;
            }
        }
        removed
    }

    /// Runs a file operation and turns the cache off when it was slow.
    fn timed<T>(&self, operation: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = operation();
        if start.elapsed() > PATIENCE {
            self.off.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// `UNGIL_CACHE_DIR`, else the XDG cache directory; `None` when neither is known or the variable is empty.
pub fn default_directory() -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("UNGIL_CACHE_DIR") {
        return (!directory.is_empty()).then(|| PathBuf::from(directory));
    }
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|p| p.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(base.join("ungil"))
}

/// Makes the directory if needed and refuses one that others could write to: its files are run as code.
fn prepare(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if !directory.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    }
    if is_private(&fs::metadata(directory)?, own_user()) {
        Ok(())
    } else {
        Err(std::io::ErrorKind::PermissionDenied.into())
    }
}

/// The user this process acts as, by the owner of its entry in `/proc`; `None` where that is not to be had.
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").ok().map(|m| m.uid())
}

fn is_private(metadata: &fs::Metadata, user: Option<u32>) -> bool {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o002 == 0 && user.is_none_or(|u| u == metadata.uid())
}

fn read_entry(path: &Path, key: Key) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let metadata = file.metadata().ok()?;
    if !is_private(&metadata, own_user()) {
        return None;
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.read_to_end(&mut bytes).ok()?;
    let object = decode(&bytes, key)?.to_vec();
    let old = metadata.modified().ok().and_then(|t| t.elapsed().ok()).is_some_and(|age| age > RENEW_AFTER);
    if old && let Ok(writable) = File::options().append(true).open(path) {
        // The order of eviction only; failing to renew it is harmless.
        let _ = writable.set_modified(SystemTime::now());
    }
    Some(object)
}

/// The object inside an entry's bytes, if they are whole and belong to the key.
fn decode(bytes: &[u8], key: Key) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_checked(HEADER)?;
    let number = |at: usize| header[at..at + 8].try_into().ok().map(u64::from_le_bytes);
    let (name, object) = (number(40)?, number(48)?);
    let body = usize::try_from(name.checked_add(object)?).ok()?;
    if &header[..8] != MAGIC || rest.len() != body || header[8..40] != checksum(key, &header[40..], rest) {
        return None;
    }
    Some(&rest[name as usize..])
}

fn checksum(key: Key, lengths: &[u8], body: &[u8]) -> [u8; 32] {
    Key::of(&[&key.0, lengths, body]).0
}

fn write_entry(directory: &Path, key: Key, kernel: &str, object: &[u8], number: u64) -> std::io::Result<()> {
    let mut lengths = [0; 16];
    lengths[..8].copy_from_slice(&(kernel.len() as u64).to_le_bytes());
    lengths[8..].copy_from_slice(&(object.len() as u64).to_le_bytes());
    let body = [kernel.as_bytes(), object].concat();
    let temporary = directory.join(format!(".{}-{number}.tmp", std::process::id()));
    let written = File::options().write(true).create_new(true).open(&temporary).and_then(|mut file| {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(MAGIC)?;
        file.write_all(&checksum(key, &lengths, &body))?;
        file.write_all(&lengths)?;
        file.write_all(&body)
    });
    let done = written.and_then(|()| fs::rename(&temporary, directory.join(key.file_name())));
    if done.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    done
}

/// Path, size and time stamp of each entry.
fn entries(directory: &Path) -> Vec<(PathBuf, u64, SystemTime)> {
    let files = fs::read_dir(directory).into_iter().flatten().flatten();
    files
        .filter(|f| f.path().extension().is_some_and(|e| e == "ungil"))
        .filter_map(|f| {
            let metadata = f.metadata().ok()?;
            Some((f.path(), metadata.len(), metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)))
        })
        .collect()
}

/// Removes abandoned temporary files, and the oldest entries until the rest is within 3/4 of the limit.
fn trim(directory: &Path, limit: u64) {
    for file in fs::read_dir(directory).into_iter().flatten().flatten() {
        let abandoned = file.path().extension().is_some_and(|e| e == "tmp")
            && file
                .metadata()
                .and_then(|m| m.modified())
                .is_ok_and(|t| t.elapsed().is_ok_and(|age| age > ABANDONED_AFTER));
        if abandoned {
            let _ = fs::remove_file(file.path());
        }
    }
    let mut all = entries(directory);
    let mut total: u64 = all.iter().map(|(_, size, _)| size).sum();
    if total <= limit {
        return;
    }
    all.sort_by_key(|(_, _, time)| *time);
    for (path, size, _) in all {
        if total <= limit / 4 * 3 {
            break;
        }
        if fs::remove_file(path).is_ok() {
            total -= size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let directory = std::env::temp_dir().join(format!("ungil-cache-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&directory);
        directory
    }

    #[test]
    fn an_object_comes_back_and_a_damaged_one_does_not() {
        let directory = scratch("damage");
        let cache = Cache::new(Some(directory.clone()), 1 << 20);
        let key = Key::of(&[b"ir", b"options"]);
        assert_eq!(cache.load(key), None);
        cache.store(key, "f", b"object code");
        assert_eq!(cache.load(key).as_deref(), Some(&b"object code"[..]));
        assert_eq!(cache.usage().entries, 1);
        let path = directory.join(key.file_name());
        let whole = fs::read(&path).expect("read");
        for damage in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[damage] ^= 1;
            assert_eq!(decode(&bytes, key), None, "byte {damage}");
            assert_eq!(decode(&whole[..damage], key), None, "cut at {damage}");
        }
        assert_eq!(decode(&whole, Key::of(&[b"other"])), None);
        assert_eq!(cache.clear().entries, 1);
        assert_eq!(cache.load(key), None);
        fs::remove_dir_all(directory).expect("remove");
    }

    #[test]
    fn the_oldest_entries_go_first() {
        let directory = scratch("trim");
        let cache = Cache::new(Some(directory.clone()), u64::MAX);
        for i in 0..8u8 {
            let key = Key::of(&[&[i]]);
            cache.store(key, "f", &[i; 1000]);
            let file = File::options().append(true).open(directory.join(key.file_name())).expect("open");
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(i))).expect("set");
        }
        trim(&directory, 4 * 1100);
        let kept: Vec<bool> = (0..8u8).map(|i| cache.load(Key::of(&[&[i]])).is_some()).collect();
        assert_eq!(kept, [false, false, false, false, false, true, true, true]);
        fs::remove_dir_all(directory).expect("remove");
    }

    #[test]
    fn a_directory_that_cannot_be_made_turns_the_cache_off() {
        let cache = Cache::new(Some(PathBuf::from("/proc/ungil-cannot-exist")), 1 << 20);
        cache.store(Key::of(&[b"a"]), "f", b"x");
        assert!(cache.is_off());
        assert_eq!(cache.load(Key::of(&[b"a"])), None);
    }

    #[test]
    fn a_directory_that_others_can_write_to_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let directory = scratch("foreign");
        fs::create_dir_all(&directory).expect("create");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("chmod");
        let cache = Cache::new(Some(directory.clone()), 1 << 20);
        cache.store(Key::of(&[b"a"]), "f", b"x");
        assert!(cache.is_off());
        assert_eq!(cache.usage().entries, 0);
        fs::remove_dir_all(directory).expect("remove");
    }
}
