//! Small promises that are easy to forget.

use super::{files, read, top};

#[test]
fn every_file_says_what_it_is() {
    for file in files("", ".rs") {
        let text = std::fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.len() > 10, "{} begins with {first:?}", file.display());
    }
}

#[test]
fn every_script_can_be_run_and_explains_itself() {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(top().join("scripts")).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() || entry.path().extension().is_some() {
            continue;
        }
        let name = entry.file_name();
        let text = read(format!("scripts/{}", name.to_string_lossy()));
        assert!(text.starts_with("#!"), "{name:?}");
        assert!(text.contains("--help"), "{name:?} has a --help");
        assert!(entry.metadata().unwrap().permissions().mode() & 0o111 != 0, "{name:?} can be run");
    }
}

#[test]
fn every_test_file_is_listed() {
    for folder in ["tests/shop/system", "tests/shop/repo"] {
        let listed = read(format!("{folder}/mod.rs"));
        for file in files(folder, ".rs") {
            let name = file.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(
                name == "mod" || listed.contains(&format!("mod {name};")),
                "{folder}/{name}.rs is not listed"
            );
        }
    }
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    for page in files("", ".md") {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let file = page.parent().unwrap().join(path);
            assert!(file.exists(), "{} links to {target}", page.display());
        }
    }
}

#[test]
fn a_released_migration_is_known_to_its_service() {
    for script in files("services", ".sql") {
        let name = script.file_name().unwrap().to_string_lossy().into_owned();
        let service = script.parent().unwrap().parent().unwrap();
        let table_of_contents = std::fs::read_to_string(service.join("src/lib.rs")).unwrap();
        assert!(table_of_contents.contains(&name), "{} is not listed in lib.rs", script.display());
    }
}
