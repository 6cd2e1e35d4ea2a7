//! The sections of a DXF that a drawing needs, sorted.

use std::collections::{HashMap, HashSet};

use hayro::kurbo::Point;

use super::tags::{self, Record, Tag};

/// The parts of a file.
#[derive(Default)]
pub(super) struct File<'t> {
    pub(super) entities: Vec<Record<'t>>,
    pub(super) blocks: HashMap<&'t str, Block<'t>>,
    pub(super) styles: HashMap<&'t str, Record<'t>>,
    /// Layers that are off or frozen.
    pub(super) hidden: HashSet<&'t str>,
    /// Whether the file has the mark of its end.
    pub(super) is_whole: bool,
}

/// Entities that are inserted together.
pub(super) struct Block<'t> {
    pub(super) base: Point,
    pub(super) entities: Vec<Record<'t>>,
}

impl<'t> File<'t> {
    pub(super) fn read(tags: &'t [Tag<'t>]) -> Self {
        let mut file = Self::default();
        let mut section = "";
        let mut block: Option<(&str, Block<'_>)> = None;
        for record in tags::records(tags) {
            match (section, record.kind) {
                (_, "SECTION") => section = record.text(2).unwrap_or_default().trim(),
                (_, "ENDSEC") => section = "",
                (_, "EOF") => file.is_whole = true,
                ("TABLES", "LAYER") => file.take_layer(record),
                ("TABLES", "DIMSTYLE") => {
                    file.styles.extend(record.text(2).map(|name| (name, record)));
                }
                ("BLOCKS", "BLOCK") => {
                    let base = record.point(10).unwrap_or_default();
                    let name = record.text(2).unwrap_or_default();
                    block = Some((name, Block { base, entities: Vec::new() }));
                }
                ("BLOCKS", "ENDBLK") => file.blocks.extend(block.take()),
                ("BLOCKS", _) => {
                    if let Some((_, block)) = &mut block {
                        block.entities.push(record);
                    }
                }
                ("ENTITIES", _) => file.entities.push(record),
                _ => {}
            }
        }
        file
    }

    fn take_layer(&mut self, layer: Record<'t>) {
        let is_off = layer.number(62).is_some_and(|color| color < 0.0);
        let is_frozen = layer.flags(70) & 1 != 0;
        if is_off || is_frozen {
            self.hidden.extend(layer.text(2));
        }
    }
}
