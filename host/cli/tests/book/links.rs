//! The table of contents and the links of all pages.

use crate::page::{pages, Page};

/// Targets of the links of a line: `](target)`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The name under which a heading is linked.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &Page) -> Vec<String> {
    let headings = page.prose().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor(line.trim_start_matches('#'))).collect()
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let contents = Page::read("docs/SUMMARY.md");
    let listed: Vec<&str> = contents.text.lines().flat_map(targets).collect();
    for page in pages() {
        if let Some(name) = page.name.strip_prefix("docs/").filter(|name| *name != "SUMMARY.md") {
            let times = listed.iter().filter(|target| **target == name).count();
            assert_eq!(times, 1, "{name} in docs/SUMMARY.md");
        }
    }
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut links = 0;
    for page in pages() {
        for target in page.prose().flat_map(targets).filter(|target| !target.contains("://")) {
            let (path, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = if path.is_empty() { page.name.clone() } else { path.into() };
            let found = if path.is_empty() {
                crate::root().join(&page.name)
            } else {
                page.folder().join(&file)
            };
            assert!(found.exists(), "{}: {target} is not there", page.name);
            let leaves = page.name.starts_with("docs/") && path.starts_with("..");
            assert!(!leaves, "{}: {target} is not in the book", page.name);
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&found).expect("a page");
                let known = anchors(&Page { name: file, text });
                assert!(known.iter().any(|name| name == heading), "{}: {target}", page.name);
            }
            links += 1;
        }
    }
    assert!(links > 40, "{links}");
}
