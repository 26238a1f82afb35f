//! The parts of a module's text: ports, constants, declarations, instances, processes.

use super::ir::{Literal, Net, NetId, Role};
use super::plan::{Item, Plan};
use super::print::{Printer, INDENT};
use super::scope::Scope;
use super::wrap::LINE_CHARACTERS;
use super::EmitError;
use std::collections::BTreeSet;

/// `signed [7:0] ` or nothing.
fn shape(net: &Net) -> String {
    let signed = if net.ty.is_signed() { "signed " } else { "" };
    match net.ty.width {
        1 => signed.to_owned(),
        width => format!("{signed}[{}:0] ", width - 1),
    }
}

pub(super) fn comment(out: &mut String, indent: &str, text: &str) {
    *out += format!("{indent}// {text}").trim_end();
    *out += "\n";
}

/// A declaration with its doc comment above or next to it.
fn documented(out: &mut String, declaration: &str, docs: &[String]) {
    let beside = |line: &str| format!("{INDENT}{declaration} // {line}");
    match docs {
        [line] if beside(line).chars().count() <= LINE_CHARACTERS => {
            *out += &beside(line);
            *out += "\n";
        }
        lines => {
            for line in lines {
                comment(out, INDENT, line);
            }
            *out += &format!("{INDENT}{declaration}\n");
        }
    }
}

pub(super) fn ports(
    scope: &Scope,
    is_used: impl Fn(NetId) -> bool,
    has_port: impl Fn(NetId) -> bool,
    is_reg: impl Fn(NetId) -> bool,
) -> String {
    let ports: Vec<(NetId, &Net)> = scope
        .nets
        .iter()
        .enumerate()
        .filter(|(_, net)| matches!(net.role, Role::Input | Role::Output | Role::InOut))
        .filter(|(id, _)| has_port(*id))
        .collect();
    let mut out = parameters(scope, is_used);
    out += " (\n";
    for (index, (id, net)) in ports.iter().enumerate() {
        let kind = match net.role {
            Role::Input => "input wire",
            Role::InOut => "inout wire",
            _ if is_reg(*id) => "output reg",
            _ => "output wire",
        };
        let comma = if index + 1 == ports.len() { "" } else { "," };
        let declaration = format!("{kind} {}{}{comma}", shape(net), net.name);
        documented(&mut out, &declaration, &net.docs);
    }
    out + ");\n"
}

/// `parameter [7:0] NAME = 8'd1`, or the same as a `localparam`.
fn constant(kind: &str, net: &Net) -> String {
    let signed = if net.ty.is_signed() { "signed " } else { "" };
    let value = net.value.print(net.ty.is_signed());
    format!("{kind} {signed}[{}:0] {} = {value}", net.ty.width - 1, net.name)
}

/// The constants that a user may set: those with a doc comment.
fn parameters(scope: &Scope, is_used: impl Fn(NetId) -> bool) -> String {
    let nets = scope.nets.iter().enumerate();
    let set: Vec<&Net> =
        nets.filter(|(id, net)| net.is_parameter() && is_used(*id)).map(|(_, net)| net).collect();
    if set.is_empty() {
        return String::new();
    }
    let mut out = String::from(" #(\n");
    for (index, net) in set.iter().enumerate() {
        let comma = if index + 1 == set.len() { "" } else { "," };
        documented(&mut out, &format!("{}{comma}", constant("parameter", net)), &net.docs);
    }
    out + ")"
}

pub(super) fn constants(scope: &Scope, is_used: impl Fn(NetId) -> bool, out: &mut String) {
    for (id, net) in scope.nets.iter().enumerate() {
        if net.role == Role::Constant && !net.is_parameter() && is_used(id) {
            *out += &format!("{INDENT}{};\n", constant("localparam", net));
        }
    }
}

/// The module of a child.
#[derive(Clone, Default)]
pub(super) struct Child {
    /// The text that names it; empty for a register.
    pub name: String,
    /// Ports of the block that the module does not have.
    pub unused: BTreeSet<String>,
}

impl Child {
    /// Whether the module does not have this port, a net of the parent.
    pub fn lacks(&self, net: &Net) -> bool {
        self.unused.contains(&net.field)
    }
}

/// Data for the text of a module.
pub(super) struct Text<'a> {
    pub printer: &'a Printer<'a>,
    pub plan: &'a Plan,
    /// Nets that are read.
    pub read: &'a BTreeSet<NetId>,
    /// Nets on which an output depends.
    pub live: &'a BTreeSet<NetId>,
}

impl Text<'_> {
    pub fn declarations(&self, out: &mut String) {
        let (scope, plan) = (self.printer.scope, self.plan);
        let driven: BTreeSet<NetId> = plan.driven();
        let mut text = String::new();
        for (id, net) in scope.nets.iter().enumerate() {
            let wire = |id| if plan.is_assigned(id) { "wire" } else { "reg" };
            let kind = match net.role {
                Role::Register if self.live.contains(&id) => "reg",
                Role::NextValue if plan.separate.contains(&id) => wire(id),
                Role::Local | Role::ChildInput(_) if driven.contains(&id) => wire(id),
                Role::ChildOutput(_) if self.read.contains(&id) => "wire",
                _ => continue,
            };
            let declaration = format!("{kind} {}{};", shape(net), net.name);
            documented(&mut text, &declaration, &net.docs);
        }
        if !text.is_empty() {
            *out += "\n";
            *out += &text;
        }
    }

    pub fn instance(&self, index: usize, child: &Child, out: &mut String) {
        let (scope, plan) = (self.printer.scope, self.plan);
        let nets = || scope.nets.iter().enumerate();
        let mut outputs = nets().filter(|(_, net)| net.role == Role::ChildOutput(index)).peekable();
        if outputs.peek().is_some() && outputs.all(|(id, _)| !self.live.contains(&id)) {
            return;
        }
        *out += "\n";
        for text in plan.instance_comments.get(&index).into_iter().flatten() {
            comment(out, INDENT, text);
        }
        let mut connections = Vec::new();
        for (id, net) in nets() {
            let text = match net.role {
                Role::ChildInput(child) if child == index && self.live.contains(&id) => {
                    match plan.ports.get(&id) {
                        Some(value) => self.printer.connection(value),
                        None => net.name.clone(),
                    }
                }
                Role::ChildOutput(child) if child == index && self.read.contains(&id) => {
                    net.name.clone()
                }
                Role::ChildOutput(own) if own == index && !child.lacks(net) => String::new(),
                _ => continue,
            };
            connections.push(format!("{INDENT}{INDENT}.{}({text})", net.port));
        }
        *out += &format!(
            "{INDENT}{} {} (\n{}\n{INDENT});\n",
            child.name,
            scope.instances[index],
            connections.join(",\n")
        );
    }

    pub fn initial_values(&self, out: &mut String) {
        let nets = self.printer.scope.nets.iter().enumerate();
        let registers =
            nets.filter(|(id, net)| net.role == Role::Register && self.live.contains(id));
        let mut text = String::new();
        for (_, net) in registers {
            let value = Literal::print(&net.value, net.ty.is_signed());
            text += &format!("{INDENT}{INDENT}{} = {value};\n", net.name);
        }
        if !text.is_empty() {
            *out += &format!("\n{INDENT}initial begin\n{text}{INDENT}end\n");
        }
    }

    pub fn items(&self, out: &mut String) -> Result<(), EmitError> {
        let scope = self.printer.scope;
        let inner = format!("{INDENT}{INDENT}");
        // A blank line stands before a process, and where assignments or a comment begin.
        let mut follows_assign = false;
        let mut follows_comment = false;
        for item in &self.plan.items {
            let is_assign = matches!(item, Item::Assign(..));
            let continues = follows_comment || (is_assign && follows_assign);
            if !continues {
                *out += "\n";
            }
            match item {
                Item::Comment(text) => comment(out, INDENT, text),
                Item::Assign(target, value) => {
                    let target = &scope.nets[*target].name;
                    *out += &format!("{INDENT}assign {target} = {};\n", self.printer.expr(value));
                }
                Item::Always(stmts) => {
                    *out += &format!("{INDENT}always @(*) begin\n");
                    self.printer.block(stmts, false, &inner, out);
                    *out += &format!("{INDENT}end\n");
                }
                Item::Clocked(stmts) => {
                    let clock = self.plan.clock.ok_or_else(|| scope.unsupported("no clock"))?;
                    *out +=
                        &format!("{INDENT}always @(posedge {}) begin\n", scope.nets[clock].name);
                    self.printer.block(stmts, true, &inner, out);
                    *out += &format!("{INDENT}end\n");
                }
            }
            follows_assign = is_assign;
            follows_comment = matches!(item, Item::Comment(_));
        }
        Ok(())
    }
}
