//! What a bad disk does to the broker's store: flipped bits, cut ends, files as they were before.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::dice::Dice;

/// Files that are damaged at once, at most.
const FILES_MAX: u64 = 3;

/// Every file below a folder, in the order of their names. What vanishes meanwhile is left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Damages some files of a store, and says what was done to which.
pub fn damage(store: &Path, dice: &mut Dice) -> Vec<String> {
    let all: Vec<PathBuf> = files(store).into_iter().filter(|file| is_worth_it(file)).collect();
    if all.is_empty() {
        return vec!["there is no file to damage".to_owned()];
    }
    let mut done = Vec::new();
    for _ in 0..dice.between(1, FILES_MAX + 1) {
        // Messages are most of what there is to lose, but there are more files of other kinds.
        let blocks: Vec<PathBuf> =
            all.iter().filter(|file| file.extension().is_some_and(|end| end == "blk")).cloned().collect();
        let from = if dice.percent(60) && !blocks.is_empty() { &blocks } else { &all };
        let file = dice.one_of(from);
        let shown = file.strip_prefix(store).unwrap_or(file).display().to_string();
        match damage_one(file, dice) {
            Ok(what) => done.push(format!("{shown}: {what}")),
            Err(error) => done.push(format!("{shown}: not damaged: {error}")),
        }
    }
    done
}

fn is_worth_it(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.len() > 0)
}

fn damage_one(path: &Path, dice: &mut Dice) -> io::Result<String> {
    let file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    match dice.between(0, 3) {
        0 => {
            let cut = dice.between(1, 4097).min(length);
            file.set_len(length - cut)?;
            Ok(format!("{cut} bytes cut from the end of {length}"))
        }
        1 => {
            let (from, size) = (dice.between(0, length), dice.between(1, 513));
            let size = size.min(length - from);
            file.write_all_at(&vec![0; size as usize], from)?;
            Ok(format!("{size} bytes of zero at {from} of {length}"))
        }
        _ => {
            let flips = dice.between(1, 5);
            let places: Vec<String> =
                (0..flips).map(|_| flip(&file, length, dice)).collect::<io::Result<_>>()?;
            Ok(format!("bits flipped at {} of {length}", places.join(", ")))
        }
    }
}

fn flip(file: &File, length: u64, dice: &mut Dice) -> io::Result<String> {
    let (at, bit) = (dice.between(0, length), dice.between(0, 8));
    let mut byte = [0];
    file.read_exact_at(&mut byte, at)?;
    file.write_all_at(&[byte[0] ^ (1 << bit)], at)?;
    Ok(format!("{at}.{bit}"))
}

/// Removes everything below a folder, whoever writes there meanwhile.
pub fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Copies everything below a folder as far as it can be had, whoever writes there meanwhile.
pub fn copy(from: &Path, to: &Path) {
    let _ = fs::create_dir_all(to);
    for entry in fs::read_dir(from).into_iter().flatten().flatten() {
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            self::copy(&path, &copy);
        } else {
            let _ = fs::copy(&path, &copy);
        }
    }
}

/// Fills the disk of a folder to the last byte with a file of this name.
pub fn fill(ballast: &Path) -> io::Result<u64> {
    let file = OpenOptions::new().create(true).append(true).open(ballast)?;
    for size in [1 << 20, 1 << 12, 1] {
        let piece = vec![0x55; size];
        while io::Write::write_all(&mut &file, &piece).is_ok() {}
    }
    Ok(file.metadata()?.len())
}
