//! The table of settings, made from the code that reads them.

use std::collections::BTreeSet;
use std::process::ExitCode;

use cad_common::config::{Setting, shared};

use crate::terminal;

/// Prints every setting of API, worker and `cad up` as a Markdown table.
pub(crate) fn print_table() -> anyhow::Result<ExitCode> {
    terminal::print(&markdown())?;
    Ok(ExitCode::SUCCESS)
}

/// The table: API first, then worker, then what both read; each variable once.
fn markdown() -> String {
    let mut seen = BTreeSet::new();
    let mut rows =
        vec!["| variable | default | what it does |".to_owned(), "|---|---|---|".to_owned()];
    let all = cad_api::config::SETTINGS
        .iter()
        .chain(cad_worker::config::SETTINGS)
        .chain(shared::SETTINGS);
    for setting in all {
        if seen.insert(setting.name) {
            rows.push(row(setting));
        }
    }
    rows.join("\n")
}

fn row(setting: &Setting) -> String {
    let default = match setting.default {
        "" => String::new(),
        text => format!("`{text}`"),
    };
    format!("| `{}` | {default} | {} |", setting.name, setting.help)
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn readme_shows_the_settings_that_the_code_reads() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let readme = std::fs::read_to_string(path).unwrap();

        assert!(readme.contains(&markdown()), "run `make docs` to write the table into README.md");
    }
}
