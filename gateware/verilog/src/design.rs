//! All modules of a design as one text.

use super::collect::{collect, BlockInfo};
use super::docs::SourceDocs;
use super::module::{Analysed, Need};
use super::names::{snake_case, Names};
use super::text::Child;
use super::wrap::wrapped;
use super::EmitError;
use rust_hdl::prelude::{Block, Verilog};
use std::collections::{BTreeMap, BTreeSet};

/// Stands around the number of a module until the modules have their names; not a character of any source.
const MARK: char = '\u{1}';

/// The design as one Verilog text, `top_name` first.
///
/// Connect the design (`connect_all`) as for simulation; the text depends on nothing but the design, the sources and the
/// header, so it is the same from run to run.
///
/// # Errors
/// If a kernel leaves the dialect, has a latch, or reads or drives a signal wrongly; the message names the block.
pub fn verilog<B: Block>(
    top_name: &str,
    uut: &B,
    docs: &SourceDocs,
    header: &str,
) -> Result<String, EmitError> {
    verilog_prefixed("", top_name, uut, docs, header)
}

/// The same, with `prefix` before the name of every module but the top, so that the modules of several
/// texts, and a user's own, do not collide.
///
/// # Errors
/// As [`verilog`].
pub fn verilog_prefixed<B: Block>(
    prefix: &str,
    top_name: &str,
    uut: &B,
    docs: &SourceDocs,
    header: &str,
) -> Result<String, EmitError> {
    let top = collect(top_name, uut)?;
    let full = std::any::type_name::<B>();
    let path = full.split('<').next().unwrap_or(full);
    let type_name = path.rsplit("::").next().unwrap_or(path);
    let mut kinds = BTreeMap::new();
    count_kinds(&top, &mut kinds);
    let mut design =
        Design { docs, modules: Vec::new(), by_text: BTreeMap::new(), cores: Vec::new(), kinds };
    design.add(&top, Some(type_name), &[], Need::Whole)?;
    Ok(design.print(prefix, top_name, header))
}

struct Module {
    /// Preferred name of the module.
    base: String,
    /// Suffix of the name: constant arguments, else the field's name.
    apart: String,
    /// The doc comment.
    above: String,
    /// The text after the name.
    body: String,
}

struct Design<'a> {
    docs: &'a SourceDocs,
    modules: Vec<Module>,
    by_text: BTreeMap<(String, String), usize>,
    /// Texts for wrappers besides their modules.
    cores: Vec<String>,
    /// Number of blocks with the same signals and children.
    kinds: BTreeMap<String, usize>,
}

/// Blocks of one type have the same signals and children.
fn kind(block: &BlockInfo) -> String {
    let atoms = block.atoms.iter().map(|atom| format!("{}:{}", atom.name, atom.ty.width));
    let children = block.children.iter().map(|child| child.field.clone());
    atoms.chain(children).collect::<Vec<_>>().join(",")
}

fn count_kinds(block: &BlockInfo, out: &mut BTreeMap<String, usize>) {
    *out.entry(kind(block)).or_default() += 1;
    block.children.iter().for_each(|child| count_kinds(child, out));
}

impl Design<'_> {
    /// Adds a block and those below it.
    fn add(
        &mut self,
        block: &BlockInfo,
        type_name: Option<&str>,
        arguments: &[String],
        need: Need,
    ) -> Result<Child, EmitError> {
        if let Verilog::Blackbox(black_box) = &block.hdl {
            self.add_core(&black_box.code);
            return Ok(Child { name: black_box.name.clone(), ..Child::default() });
        }
        if let Verilog::Wrapper(wrapper) = &block.hdl {
            self.add_core(&wrapper.cores);
        }
        let sources = self.docs;
        let fields = block
            .atoms
            .iter()
            .map(|atom| atom.name.as_str())
            .chain(block.children.iter().map(|child| child.field.as_str()));
        let found = |name| sources.find(name, fields.clone());
        let (type_name, docs) = match type_name.and_then(found) {
            Some(docs) => (type_name, Some(docs)),
            None => {
                let name = sources.name_of(fields.clone());
                (name.or(type_name), name.and_then(found))
            }
        };
        let analysed = Analysed::new(block, docs)?;
        let mut children = Vec::new();
        for (child, outputs) in block.children.iter().zip(&analysed.outputs_read(need)) {
            if child.as_register().is_some() {
                children.push(Child::default());
                continue;
            }
            let field = docs.and_then(|docs| docs.field(&child.field));
            let child_type = field.and_then(|field| field.type_name.as_deref());
            let child_arguments = field.map_or(&[][..], |field| field.arguments.as_slice());
            // A module that stands in several places has the outputs of all of them.
            let need = match self.kinds.get(&kind(child)) {
                Some(1) => Need::Some(outputs),
                _ => Need::Outputs,
            };
            children.push(self.add(child, child_type, child_arguments, need)?);
        }
        let text = analysed.text(docs, &children, need)?;
        let number = self.intern(block, type_name, arguments, text.above, text.body);
        Ok(Child { name: format!("{MARK}{number}{MARK}"), unused: text.unused })
    }

    fn intern(
        &mut self,
        block: &BlockInfo,
        type_name: Option<&str>,
        arguments: &[String],
        above: String,
        body: String,
    ) -> usize {
        let base = match (&block.module_name, type_name) {
            (Some(name), _) => name.clone(),
            (None, Some(name)) => snake_case(name),
            (None, None) => block.field.clone(),
        };
        let key = (base.clone(), body.clone());
        if let Some(number) = self.by_text.get(&key) {
            return *number;
        }
        let apart = if arguments.is_empty() {
            format!("{base}_{}", block.field)
        } else {
            format!("{base}_{}", arguments.join("_"))
        };
        let number = self.modules.len();
        self.by_text.insert(key, number);
        self.modules.push(Module { base, apart, above, body });
        number
    }

    fn add_core(&mut self, text: &str) {
        let text = text.trim();
        if !text.is_empty() && !self.cores.iter().any(|core| core == text) {
            self.cores.push(text.to_owned());
        }
    }

    /// The modules that the top, which was added last, needs: an instance without an output in use was left out.
    fn needed(&self) -> BTreeSet<usize> {
        let mut needed = BTreeSet::new();
        let mut open: Vec<usize> = self.modules.len().checked_sub(1).into_iter().collect();
        while let Some(number) = open.pop() {
            if needed.insert(number) {
                let parts = self.modules[number].body.split(MARK).skip(1).step_by(2);
                open.extend(parts.filter_map(|part| part.parse::<usize>().ok()));
            }
        }
        needed
    }

    /// Names the modules: by type if that is enough, else by what sets them apart.
    fn names(&self, prefix: &str, top_name: &str) -> BTreeMap<usize, String> {
        let mut names = Names::default();
        let top = names.claim(top_name);
        let needed = self.needed();
        let mut out = BTreeMap::new();
        for &number in &needed {
            let module = &self.modules[number];
            if number + 1 == self.modules.len() {
                out.insert(number, top.clone());
                break;
            }
            let alike = |other: &&usize| self.modules[**other].base == module.base;
            let is_alone = needed.iter().filter(alike).count() == 1;
            let name = if is_alone { &module.base } else { &module.apart };
            out.insert(number, names.claim(&format!("{prefix}{name}")));
        }
        out
    }

    fn print(&self, prefix: &str, top_name: &str, header: &str) -> String {
        let names = self.names(prefix, top_name);
        let mut out = String::new();
        for line in header.lines() {
            let line = line.trim_start_matches("//").trim();
            out += format!("// {line}").trim_end();
            out += "\n";
        }
        // A misspelt net is an error, not a new wire.
        out += "\n`default_nettype none\n";
        // The top was added last.
        for (number, name) in names.iter().rev() {
            let module = &self.modules[*number];
            if !out.is_empty() {
                out += "\n";
            }
            out += &module.above;
            out += &format!("module {name}");
            for (index, part) in module.body.split(MARK).enumerate() {
                match part.parse::<usize>() {
                    Ok(number) if index % 2 == 1 => out += &names[&number],
                    _ => out += part,
                }
            }
        }
        for core in &self.cores {
            out += &format!("\n{core}\n");
        }
        out += "\n`default_nettype wire\n";
        wrapped(&out)
    }
}
