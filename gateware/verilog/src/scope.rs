//! The nets of one module and the names a kernel may use.

use super::collect::{AtomInfo, BlockInfo};
use super::docs::StructDocs;
use super::ir::{Class, Literal, Net, NetId, Role, Type};
use super::names::{snake_case, Names};
use super::EmitError;
use rust_hdl::prelude::AtomKind;
use std::collections::BTreeMap;

/// The nets of a module.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub path: String,
    pub nets: Vec<Net>,
    /// Verilog names of the instances, by child.
    pub instances: Vec<String>,
    by_key: BTreeMap<String, NetId>,
    /// `State$Idle` to the type and the value.
    variants: BTreeMap<String, (Type, Literal)>,
    names: Names,
}

impl Scope {
    /// The nets of a block: its ports and signals, then those of its children.
    pub fn new(block: &BlockInfo, docs: Option<&StructDocs>) -> Result<Self, EmitError> {
        let mut scope = Self { path: block.path.clone(), ..Self::default() };
        let field_docs = |field: &str| {
            docs.and_then(|docs| docs.field(field))
                .map(|field| field.docs.clone())
                .unwrap_or_default()
        };
        for atom in &block.atoms {
            let role = match atom.kind {
                AtomKind::InputParameter => Role::Input,
                AtomKind::OutputParameter | AtomKind::OutputPassthrough => Role::Output,
                AtomKind::InOutParameter => Role::InOut,
                AtomKind::Constant => Role::Constant,
                _ => Role::Local,
            };
            let docs = field_docs(&atom.name);
            scope.add(atom, atom.name.clone(), &wanted_name(block, atom), role, docs);
        }
        for (index, child) in block.children.iter().enumerate() {
            let register = child.as_register();
            let field = array_name(&child.field, block.children.iter().map(|child| &*child.field));
            let instance = match register {
                Some(_) => String::new(),
                None => scope.names.claim(field),
            };
            scope.instances.push(instance);
            let mut ports = Names::default();
            for atom in &child.atoms {
                let port = ports.claim(&wanted_name(child, atom));
                let key = format!("{}${}", child.field, atom.name);
                let docs = field_docs(&child.field);
                match (&register, atom.name.as_str()) {
                    (Some(initial), "q") => {
                        let id = scope.add(atom, key, field, Role::Register, docs);
                        scope.nets[id].value = initial.clone();
                    }
                    (Some(_), "d") => {
                        let wanted = format!("{field}_next");
                        scope.add(atom, key, &wanted, Role::NextValue, Vec::new());
                    }
                    (Some(_), _) => {
                        let wanted = format!("{field}_clock");
                        scope.add(atom, key, &wanted, Role::RegisterClock, Vec::new());
                    }
                    (None, _) => {
                        let role = match atom.kind {
                            AtomKind::InputParameter => Role::ChildInput(index),
                            AtomKind::OutputParameter | AtomKind::OutputPassthrough => {
                                Role::ChildOutput(index)
                            }
                            AtomKind::InOutParameter => {
                                return Err(scope.unsupported(format!(
                                    "child `{}` has the two-way port `{}`, which needs `join` or `link`",
                                    child.field, atom.name
                                )))
                            }
                            _ => continue,
                        };
                        let wanted = format!("{field}_{port}");
                        let id = scope.add(atom, key, &wanted, role, Vec::new());
                        scope.nets[id].port = port;
                        scope.nets[id].field = atom.name.clone();
                    }
                }
            }
        }
        Ok(scope)
    }

    fn add(
        &mut self,
        atom: &AtomInfo,
        key: String,
        wanted: &str,
        role: Role,
        docs: Vec<String>,
    ) -> NetId {
        self.add_variants(&atom.ty);
        let id = self.nets.len();
        self.by_key.insert(key.clone(), id);
        let name = match role {
            // Replaced by the parent's clock.
            Role::RegisterClock => wanted.to_owned(),
            _ => self.names.claim(wanted),
        };
        self.nets.push(Net {
            key,
            name,
            port: String::new(),
            field: String::new(),
            ty: atom.ty.clone(),
            role,
            value: atom.value.clone(),
            docs,
        });
        id
    }

    fn add_variants(&mut self, ty: &Type) {
        match &ty.class {
            Class::Enum(_, variants) => {
                for (value, variant) in variants.iter().enumerate() {
                    let key = variant.replace("::", "$");
                    if let Some(literal) = Literal::from_u64(value as u64, ty.width) {
                        self.variants.insert(key, (ty.clone(), literal));
                    }
                }
            }
            Class::Struct(fields) => {
                for (_, field) in fields {
                    self.add_variants(field);
                }
            }
            _ => {}
        }
    }

    /// The net with rust-hdl's name `key`.
    pub fn net(&self, key: &str) -> Option<NetId> {
        self.by_key.get(key).copied()
    }

    /// The next value of a register.
    pub fn next_of(&self, register: &Net) -> Option<NetId> {
        self.net(&format!("{}$d", register.key.strip_suffix("$q")?))
    }

    /// The clock of a register.
    pub fn clock_of(&self, register: &Net) -> Option<NetId> {
        self.net(&format!("{}$clock", register.key.strip_suffix("$q")?))
    }

    /// The register with this next value.
    pub fn register_of(&self, next: NetId) -> NetId {
        let key = self.nets[next].key.strip_suffix("$d").map(|key| format!("{key}$q"));
        key.and_then(|key| self.net(&key)).unwrap_or(next)
    }

    /// Type and value of an enum variant, named as in `State$Idle`.
    pub fn variant(&self, key: &str) -> Option<&(Type, Literal)> {
        self.variants.get(key)
    }

    /// The Verilog name of a variant: `STATE_IDLE`.
    pub fn claim_variant_name(&mut self, key: &str) -> String {
        let wanted = key
            .split('$')
            .map(|part| snake_case(part).to_ascii_uppercase())
            .collect::<Vec<_>>()
            .join("_");
        self.names.claim(&wanted)
    }

    /// An error about this module.
    pub fn unsupported(&self, what: impl Into<String>) -> EmitError {
        EmitError::Unsupported { module: self.path.clone(), what: what.into() }
    }
}

/// The name that a block gives its own signal or constant, before collisions are resolved.
fn wanted_name(block: &BlockInfo, atom: &AtomInfo) -> String {
    let name = array_name(&atom.name, block.atoms.iter().map(|atom| &*atom.name));
    match atom.kind {
        AtomKind::Constant => name.to_ascii_uppercase(),
        _ => name.to_owned(),
    }
}

/// The name of an array for its only element, `adc` for `adc$0`; any other name as it is.
pub(super) fn array_name<'a>(name: &'a str, mut all: impl Iterator<Item = &'a str>) -> &'a str {
    match name.strip_suffix("$0") {
        Some(array) if all.all(|other| other.strip_prefix(array) != Some("$1")) => array,
        _ => name,
    }
}
