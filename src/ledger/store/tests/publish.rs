//! Publishing a night: whole or not at all.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

use super::*;

/// Everything below a folder with its content, to see that nothing changed.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for name in names(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found.push((name.clone(), Vec::new()));
            found.extend(content(&path).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else if name != LOCK_FILE {
            found.push((name, fs::read(path).expect("a file")));
        }
    }
    found
}

#[test]
fn a_night_appears_with_its_manifest_and_nothing_else() {
    let (_temporary, path) = new_ledger();
    assert_eq!(names(&path), [FORMAT_FILE, LOCK_FILE, NIGHTS]);
    assert_eq!(names(&path.join(NIGHTS)), ["night=000001", "night=000002", "night=000003"]);
    let night = path.join("nights/night=000003");
    assert_eq!(names(&night), ["adjudicated.parquet", "manifest.json", "manifest.sha256", "rejects.csv"]);
    let digest = sha256(&fs::read(night.join("manifest.json")).expect("the manifest"));
    let recorded = fs::read_to_string(night.join("manifest.sha256")).expect("its digest");
    assert_eq!(recorded, format!("{digest}  manifest.json\n"));
}

#[test]
fn the_day_does_not_go_back() {
    let (_temporary, path) = new_ledger();
    let text = said(&path, writer(&path).begin_night(day("2026-01-05")));
    assert_eq!(text, "a night of 2026-01-05 cannot follow night 3 of 2026-01-06");
    assert_eq!(names(&path), [FORMAT_FILE, LOCK_FILE, NIGHTS]);
    writer(&path).begin_night(day("2026-01-06")).expect("the same day twice is allowed");
}

#[test]
fn a_night_given_up_leaves_nothing() {
    let (_temporary, path) = new_ledger();
    let before = content(&path);
    let ledger = writer(&path);
    let night = ledger.begin_night(day("2026-01-07")).expect("a night");
    night.create("adjudicated.parquet").expect("a file").put(b"half").expect("written");
    assert_eq!(names(&path).len(), 4);
    drop(night);
    assert_eq!(content(&path), before);
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_writer_and_no_reader() {
    let (_temporary, path) = new_ledger();
    let before = content(&path);
    for name in [".staging-night=000004-77", ".staging-rules-77", ".restored-77-0"] {
        fs::create_dir(path.join(name)).expect("a folder");
        fs::write(path.join(name).join("half"), "half").expect("a file");
    }
    fs::write(path.join(".staging-input-77-abc"), "half").expect("a file");
    assert_eq!(reader(&path).expect("a ledger").last(), 3);
    assert!(path.join(".staging-input-77-abc").exists());
    let living = reader(&path).expect("a ledger").scratch().expect("a folder");
    writer(&path);
    assert!(living.folder().is_dir(), "the folder of a living reader stays");
    drop(living);
    assert_eq!(content(&path), before);
}

#[test]
#[should_panic(expected = "the manifest names every file")]
fn a_file_that_the_manifest_does_not_name_is_a_wrong_program() {
    let (_temporary, path) = new_ledger();
    let ledger = writer(&path);
    let night = ledger.begin_night(day("2026-01-07")).expect("a night");
    night.create("late.csv").expect("a file").finish().expect("written");
    let manifest = manifest(&night, &[], &[]);
    let _ = night.publish(&manifest);
}

/// How many more syncs succeed.
static SYNCS: AtomicU32 = AtomicU32::new(0);

/// Fails like a disk that goes away, once [`SYNCS`] are used up.
fn failing_sync(file: &File) -> io::Result<()> {
    let left = SYNCS.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
    if left.is_err() { Err(io::Error::from_raw_os_error(5)) } else { file.sync_all() }
}

#[test]
fn a_disk_that_fails_at_any_sync_leaves_the_ledger_as_it_was() {
    let (_temporary, path) = new_ledger();
    let before = content(&path);
    // The file, the manifest, its digest, the staging folder, the folder of nights.
    for syncs in 0..5 {
        let ledger = writer(&path);
        let night = ledger.begin_night(day("2026-01-07")).expect("a night").with_sync(failing_sync);
        SYNCS.store(syncs, Ordering::SeqCst);
        let mut file = night.create("adjudicated.parquet").expect("a file");
        file.put(b"rows").expect("written");
        let published = file.finish().map_err(LedgerError::from).and_then(|written| {
            let manifest = manifest(&night, &[], &[written]);
            night.publish(&manifest)
        });
        let error = published.expect_err("the disk failed");
        assert!(matches!(&error, LedgerError::Publish(_)), "{error:?}");
        drop(ledger);
        assert_eq!(content(&path), before, "after {syncs} syncs");
    }
    let ledger = writer(&path);
    let night = ledger.begin_night(day("2026-01-07")).expect("a night").with_sync(failing_sync);
    SYNCS.store(4, Ordering::SeqCst);
    let manifest = manifest(&night, &[], &[]);
    assert_eq!(night.publish(&manifest).expect("four syncs suffice for no file").number, 4);
}

#[test]
fn a_folder_in_the_place_of_the_night_is_not_replaced() {
    let (_temporary, path) = new_ledger();
    let ledger = writer(&path);
    let night = ledger.begin_night(day("2026-01-07")).expect("a night");
    fs::create_dir(path.join("nights/night=000004")).expect("a folder");
    let manifest = manifest(&night, &[], &[]);
    assert_eq!(said(&path, night.publish(&manifest)), "cannot create LEDGER/nights/night=000004");
    assert!(names(&path.join("nights/night=000004")).is_empty());
}

#[test]
fn a_base_holds_the_nights_to_its_own() {
    let (_temporary, path) = new_ledger();
    let ledger = writer(&path);
    let base = ledger.begin_base().expect("a base");
    let mut file = base.staging().create("accumulators.parquet").expect("a file");
    file.put(b"state").expect("written");
    let file = file.finish().expect("written");
    let outputs = json!([file.to_json()]);
    let base_manifest = json!({"base": base.heading(), "outputs": outputs}).to_string();
    base.publish(base_manifest.as_bytes()).expect("published");
    add_night(&ledger_again(ledger, &path), "2026-01-08", &[], &[]).expect("a night");
    let ledger = reader(&path).expect("a ledger");
    let (base, nights) = ledger.view().parts();
    assert_eq!(base.map(|base| base.through), Some(3));
    assert_eq!(base.expect("a base").volume.read_file("accumulators.parquet").expect("a file"), b"state");
    assert_eq!(nights.iter().map(|night| night.number).collect::<Vec<_>>(), [4]);
    let (base, nights) = ledger.as_of(2).expect("a view").parts();
    assert_eq!((base.is_none(), nights.len()), (true, 2));
}

/// The same ledger as it is now.
fn ledger_again(ledger: Ledger, path: &Path) -> Ledger {
    drop(ledger);
    writer(path)
}
