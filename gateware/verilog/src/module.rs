//! One block as the text of one Verilog module.

use super::collect::BlockInfo;
use super::docs::StructDocs;
use super::flow;
use super::fold::{fold, live};
use super::inline::inline;
use super::ir::{for_each_expr, Expr, ExprKind, Label, Literal, Net, NetId, Role, Stmt};
use super::lower::lower;
use super::names::is_reserved;
use super::plan::{plan, Item, Plan};
use super::print::{Printer, INDENT};
use super::scope::Scope;
use super::split::living;
use super::wrap::LINE_CHARACTERS;
use super::EmitError;
use rust_hdl::prelude::Verilog;
use std::collections::{BTreeMap, BTreeSet};

/// The text of a module.
pub(super) struct ModuleText {
    /// The doc comment before it.
    pub above: String,
    /// What follows its name.
    pub body: String,
    /// Inputs that the kernel does not use, which are left out.
    pub unused: BTreeSet<String>,
}

/// The module of a child.
#[derive(Clone, Default)]
pub(super) struct Child {
    /// The text that names it; empty for a register.
    pub name: String,
    /// Inputs of the block that the module does not have.
    pub unused: BTreeSet<String>,
}

/// The text of a block's module; a top keeps the ports that it does not use.
pub(super) fn module_text(
    block: &BlockInfo,
    docs: Option<&StructDocs>,
    children: &[Child],
    is_top: bool,
) -> Result<ModuleText, EmitError> {
    let scope = Scope::new(block, docs)?;
    let mut above = String::new();
    for line in docs.map(|docs| docs.docs.as_slice()).unwrap_or_default() {
        comment(&mut above, "", line);
    }
    let mut unused = BTreeSet::new();
    let body = match &block.hdl {
        Verilog::Combinatorial(code) => {
            let (body, unread) = kernel_module(scope, code, children, is_top)?;
            unused = unread;
            body
        }
        Verilog::Custom(code) => text_module(&scope, code)?,
        Verilog::Wrapper(wrapper) => text_module(&scope, &wrapper.code)?,
        Verilog::Empty | Verilog::Blackbox(_) => {
            return Err(scope.unsupported("a block without Verilog"));
        }
    };
    Ok(ModuleText { above, body, unused })
}

/// A module whose code was written by hand; an output that it assigns in a block is a `reg`.
fn text_module(scope: &Scope, code: &str) -> Result<String, EmitError> {
    if let Some(net) = scope.nets.iter().find(|net| is_reserved(&net.key) || net.key.contains('$'))
    {
        return Err(scope.unsupported(format!("a hand-written block with the port `{}`", net.key)));
    }
    let mut out = ports(scope, |_| true, |net| is_reg(code, &scope.nets[net].name));
    constants(scope, |_| true, &mut out);
    out += "\n";
    for line in code.trim_end().lines() {
        let line = line.trim_end();
        out += &if line.starts_with('`') {
            format!("{line}\n")
        } else if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("{INDENT}{line}\n")
        };
    }
    Ok(out + "endmodule\n")
}

/// Whether hand-written code assigns `name` in a block.
fn is_reg(code: &str, name: &str) -> bool {
    code.lines()
        .map(str::trim_start)
        .filter(|line| !line.starts_with("assign ") && !line.starts_with("wire "))
        .flat_map(|line| line.match_indices(name).map(move |(at, _)| (line, at)))
        .any(|(line, at)| {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
            let after = line[at + name.len()..].trim_start();
            !line[..at].ends_with(is_name)
                && (after.starts_with("<=") || (after.starts_with('=') && !after.starts_with("==")))
        })
}

/// A module with a kernel, and the inputs that it does not use.
fn kernel_module(
    mut scope: Scope,
    code: &[rust_hdl::core::ast::VerilogStatement],
    children: &[Child],
    is_top: bool,
) -> Result<(String, BTreeSet<String>), EmitError> {
    let stmts = lower(&scope, code)?;
    flow::check(&scope, &stmts)?;
    let stmts = inline(&scope, fold(&scope, stmts));
    let stmts = fold(&scope, stmts);
    let ignored = ignored_inputs(&scope, children);
    let live = live(&scope, &stmts, &ignored);
    let stmts = living(&stmts, &live);
    let variants: BTreeMap<String, String> = used_variants(&stmts)
        .into_iter()
        .map(|key| {
            let name = scope.claim_variant_name(&key);
            (key, name)
        })
        .collect();
    let scope = scope;
    let plan = plan(&scope, &stmts)?;
    let printer = Printer { scope: &scope, variants: &variants };
    let mut read = BTreeSet::new();
    plan.for_each_expr(&mut |expr| {
        expr.for_each_net(&mut |net| {
            read.insert(net);
        });
    });
    read.extend(plan.clock);

    let is_unused = |(id, net): &(NetId, &Net)| net.role == Role::Input && !read.contains(id);
    let unused: BTreeSet<String> = if is_top {
        BTreeSet::new()
    } else {
        let inputs = scope.nets.iter().enumerate().filter(is_unused);
        inputs.map(|(_, net)| net.key.clone()).collect()
    };
    let has_port = |net: NetId| !unused.contains(&scope.nets[net].key);
    let mut out = ports(&scope, has_port, |net| !plan.is_assigned(net));
    constants(&scope, |net| read.contains(&net), &mut out);
    for (key, name) in &variants {
        if let Some((ty, value)) = scope.variant(key) {
            let range = format!("[{}:0]", ty.width - 1);
            out += &format!("{INDENT}localparam {range} {name} = {};\n", value.print(false));
        }
    }
    let text = Text { printer: &printer, plan: &plan, read: &read, live: &live };
    text.declarations(&mut out);
    for (index, child) in children.iter().enumerate() {
        if !child.name.is_empty() {
            text.instance(index, child, &mut out);
        }
    }
    text.initial_values(&mut out);
    text.items(&mut out)?;
    Ok((out + "endmodule\n", unused))
}

/// The inputs of children that their modules do not have.
fn ignored_inputs(scope: &Scope, children: &[Child]) -> BTreeSet<NetId> {
    let nets = scope.nets.iter().enumerate();
    let ignored = nets.filter(|(_, net)| match net.role {
        Role::ChildInput(child) => {
            let field = net.key.split_once('$').map_or("", |(_, field)| field);
            children[child].unused.contains(field)
        }
        _ => false,
    });
    ignored.map(|(id, _)| id).collect()
}

fn used_variants(stmts: &[Stmt]) -> BTreeSet<String> {
    fn of_expr(expr: &Expr, out: &mut BTreeSet<String>) {
        if let ExprKind::Variant(key) = &expr.kind {
            out.insert(key.clone());
        }
        expr.operands().into_iter().for_each(|operand| of_expr(operand, out));
    }
    fn of_labels(stmts: &[Stmt], out: &mut BTreeSet<String>) {
        for stmt in stmts {
            match stmt {
                Stmt::Case { arms, .. } => {
                    for (label, body) in arms {
                        if let Label::Variant(key) = label {
                            out.insert(key.clone());
                        }
                        of_labels(body, out);
                    }
                }
                Stmt::If { then, otherwise, .. } => {
                    of_labels(then, out);
                    of_labels(otherwise, out);
                }
                _ => {}
            }
        }
    }
    let mut out = BTreeSet::new();
    for_each_expr(stmts, &mut |expr| of_expr(expr, &mut out));
    of_labels(stmts, &mut out);
    out
}

/// `signed [7:0] ` or nothing.
fn shape(net: &Net) -> String {
    let signed = if net.ty.is_signed() { "signed " } else { "" };
    match net.ty.width {
        1 => signed.to_owned(),
        width => format!("{signed}[{}:0] ", width - 1),
    }
}

fn comment(out: &mut String, indent: &str, text: &str) {
    *out += format!("{indent}// {text}").trim_end();
    *out += "\n";
}

/// A declaration with its doc comment above or beside it.
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

fn ports(
    scope: &Scope,
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
    let mut out = String::from(" (\n");
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

fn constants(scope: &Scope, is_used: impl Fn(NetId) -> bool, out: &mut String) {
    let nets = scope.nets.iter().enumerate();
    for (_, net) in nets.filter(|(id, net)| net.role == Role::Constant && is_used(*id)) {
        let signed = if net.ty.is_signed() { "signed " } else { "" };
        let range = format!("[{}:0]", net.ty.width - 1);
        let value = net.value.print(net.ty.is_signed());
        let declaration = format!("localparam {signed}{range} {} = {value};", net.name);
        documented(out, &declaration, &net.docs);
    }
}

/// What the text of a module is made from.
struct Text<'a> {
    printer: &'a Printer<'a>,
    plan: &'a Plan,
    read: &'a BTreeSet<NetId>,
    /// Nets on which an output depends.
    live: &'a BTreeSet<NetId>,
}

impl Text<'_> {
    fn declarations(&self, out: &mut String) {
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

    fn instance(&self, index: usize, child: &Child, out: &mut String) {
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
                Role::ChildOutput(child) if child == index => String::new(),
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

    fn initial_values(&self, out: &mut String) {
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

    fn items(&self, out: &mut String) -> Result<(), EmitError> {
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
