//! Walks a design and collects the data of every block for the emitter.

use super::ir::{Class, Literal, Type};
use super::EmitError;
use rust_hdl::prelude::{Atom, AtomKind, Block, Probe, TypeDescriptor, TypeKind, Verilog};

/// A signal or constant of a block.
#[derive(Clone, Debug)]
pub(super) struct AtomInfo {
    /// Field name; `bus$valid` in an interface, `lane$2` in an array.
    pub name: String,
    pub kind: AtomKind,
    pub ty: Type,
    pub value: Literal,
}

/// A block of the design.
#[derive(Clone, Debug)]
pub(super) struct BlockInfo {
    /// Field name in the parent; `lane$2` in an array.
    pub field: String,
    /// Path from the top, for messages.
    pub path: String,
    pub atoms: Vec<AtomInfo>,
    pub children: Vec<BlockInfo>,
    pub hdl: Verilog,
    /// The name in the block's `timing()`, which leaf blocks use to name their module.
    pub module_name: Option<String>,
}

impl BlockInfo {
    /// If the block is a plain register, its initial value.
    pub fn as_register(&self) -> Option<Literal> {
        let Verilog::Custom(text) = &self.hdl else {
            return None;
        };
        if self.module_name.as_deref() != Some("dff") || !text.contains("q <= d;") {
            return None;
        }
        let data = self.atoms.iter().find(|atom| atom.name == "d")?;
        let digits = text.split_once("'h")?.1.split_once(';')?.0;
        Literal::from_hex(digits, data.ty.width)
    }
}

/// Collects the blocks below `top`.
pub(super) fn collect(name: &str, top: &dyn Block) -> Result<BlockInfo, EmitError> {
    let mut collector = Collector::default();
    top.accept(name, &mut collector);
    match (collector.error, collector.top) {
        (Some(error), _) => Err(error),
        (None, Some(block)) => Ok(block),
        (None, None) => Err(EmitError::NotABlock),
    }
}

#[derive(Default)]
struct Collector {
    stack: Vec<BlockInfo>,
    namespace: Vec<String>,
    top: Option<BlockInfo>,
    error: Option<EmitError>,
}

impl Probe for Collector {
    fn visit_start_scope(&mut self, name: &str, node: &dyn Block) {
        let path = match self.stack.last() {
            Some(parent) => format!("{}.{}", parent.path, name.replace('$', ".")),
            None => name.to_owned(),
        };
        self.namespace.clear();
        self.stack.push(BlockInfo {
            field: name.to_owned(),
            path,
            atoms: Vec::new(),
            children: Vec::new(),
            hdl: node.hdl(),
            module_name: node.timing().into_iter().next().map(|timing| timing.name),
        });
    }

    fn visit_start_namespace(&mut self, name: &str, _node: &dyn Block) {
        self.namespace.push(name.to_owned());
    }

    fn visit_atom(&mut self, name: &str, signal: &dyn Atom) {
        let Some(block) = self.stack.last_mut() else {
            return;
        };
        let name = if self.namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{}${name}", self.namespace.join("$"))
        };
        let ty = type_of(&signal.descriptor());
        match Literal::from_verilog(&signal.verilog(), ty.width) {
            Some(value) if ty.width > 0 => {
                block.atoms.push(AtomInfo { name, kind: signal.kind(), ty, value })
            }
            _ => {
                self.error.get_or_insert(EmitError::Unsupported {
                    module: block.path.clone(),
                    what: format!("signal `{name}` has no bits or a value outside its type"),
                });
            }
        }
    }

    fn visit_end_namespace(&mut self, _name: &str, _node: &dyn Block) {
        self.namespace.pop();
    }

    fn visit_end_scope(&mut self, _name: &str, _node: &dyn Block) {
        let Some(block) = self.stack.pop() else {
            return;
        };
        match self.stack.last_mut() {
            Some(parent) => parent.children.push(block),
            None => self.top = Some(block),
        }
    }
}

fn type_of(descriptor: &TypeDescriptor) -> Type {
    match &descriptor.kind {
        TypeKind::Bits(width) if descriptor.name == "clock" => {
            Type { width: *width, class: Class::Clock }
        }
        TypeKind::Bits(width) => Type::unsigned(*width),
        TypeKind::Signed(width) => Type::signed(*width),
        TypeKind::Enum(variants) => Type {
            width: rust_hdl::prelude::clog2(variants.len()),
            class: Class::Enum(descriptor.name.clone(), variants.clone()),
        },
        TypeKind::Composite(fields) => {
            let fields: Vec<(String, Type)> = fields
                .iter()
                .map(|field| (field.fieldname.clone(), type_of(&field.kind)))
                .collect();
            Type {
                width: fields.iter().map(|(_, ty)| ty.width).sum(),
                class: Class::Struct(fields),
            }
        }
    }
}
