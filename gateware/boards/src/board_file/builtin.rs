//! The built-in boards: the folders of `constraints`.

macro_rules! board {
    ($name:literal, $pins:literal) => {
        (
            $name,
            include_str!(concat!("../../../../constraints/", $name, "/board.toml")),
            include_str!(concat!("../../../../constraints/", $name, "/", $pins)),
        )
    };
}

/// Name, `board.toml` and pin file.
pub const FILES: &[(&str, &str, &str)] = &[
    board!("icebreaker", "pins.pcf"),
    board!("ulx3s-85f", "pins.lpf"),
    board!("ulx3s-25f", "pins.lpf"),
    board!("orangecrab-25f", "pins.lpf"),
    board!("colorlight-i5", "pins.lpf"),
    board!("tangnano-20k", "pins.cst"),
    board!("tangnano-9k", "pins.cst"),
    board!("arty-a7-35t", "pins.xdc"),
    board!("stemlab-125-14", "pins.xdc"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_folder_of_constraints_is_built_in() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../constraints");
        let folders: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let built_in: BTreeSet<String> = FILES.iter().map(|(name, ..)| (*name).into()).collect();
        assert_eq!(folders, built_in);
    }
}
