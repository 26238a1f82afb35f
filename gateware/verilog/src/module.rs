//! One block as the text of one Verilog module.

use super::collect::BlockInfo;
use super::docs::StructDocs;
use super::flow;
use super::ir::{for_each_expr, Expr, ExprKind, Label, Literal, Net, NetId, Role, Stmt};
use super::lower::lower;
use super::names::is_reserved;
use super::plan::{plan, Plan};
use super::print::{Printer, INDENT};
use super::scope::Scope;
use super::EmitError;
use rust_hdl::prelude::Verilog;
use std::collections::{BTreeMap, BTreeSet};

/// A doc comment of one line up to this length stands beside its declaration.
const BESIDE_UP_TO: usize = 90;

/// The text of a module after its name, and the doc comment before it.
///
/// `children` holds the text that names each child's module.
pub(super) fn module_text(
    block: &BlockInfo,
    docs: Option<&StructDocs>,
    children: &[String],
) -> Result<(String, String), EmitError> {
    let scope = Scope::new(block, docs)?;
    let mut above = String::new();
    for line in docs.map(|docs| docs.docs.as_slice()).unwrap_or_default() {
        comment(&mut above, "", line);
    }
    let body = match &block.hdl {
        Verilog::Combinatorial(code) => kernel_module(block, scope, code, children)?,
        Verilog::Custom(code) => text_module(&scope, code)?,
        Verilog::Wrapper(wrapper) => text_module(&scope, &wrapper.code)?,
        Verilog::Empty | Verilog::Blackbox(_) => {
            return Err(scope.unsupported("a block without Verilog"));
        }
    };
    Ok((above, body))
}

/// A module whose code was written by hand; an output that it assigns in a block is a `reg`.
fn text_module(scope: &Scope, code: &str) -> Result<String, EmitError> {
    if let Some(net) = scope.nets.iter().find(|net| is_reserved(&net.key) || net.key.contains('$'))
    {
        return Err(scope.unsupported(format!("a hand-written block with the port `{}`", net.key)));
    }
    let mut out = ports(scope, |net| is_reg(code, &scope.nets[net].name));
    constants(scope, &mut out);
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

/// A module with a kernel.
fn kernel_module(
    block: &BlockInfo,
    mut scope: Scope,
    code: &[rust_hdl::core::ast::VerilogStatement],
    children: &[String],
) -> Result<String, EmitError> {
    let stmts = lower(&scope, code)?;
    flow::check(&scope, &stmts)?;
    let used = used_variants(&stmts);
    let plan = plan(&scope, stmts)?;
    let variants: BTreeMap<String, String> = used
        .into_iter()
        .map(|key| {
            let name = scope.claim_variant_name(&key);
            (key, name)
        })
        .collect();
    let scope = scope;
    let printer = Printer { scope: &scope, variants: &variants };
    let read = nets_read(&plan);

    let mut out = ports(&scope, |net| !plan.is_assigned(net));
    constants(&scope, &mut out);
    for (key, name) in &variants {
        if let Some((ty, value)) = scope.variant(key) {
            let range = format!("[{}:0]", ty.width - 1);
            out += &format!("{INDENT}localparam {range} {name} = {};\n", value.print(false));
        }
    }
    declarations(&scope, &plan, &read, &mut out);
    for (index, child) in block.children.iter().enumerate() {
        if child.as_register().is_none() {
            instance(&printer, &plan, &read, index, &children[index], &mut out);
        }
    }
    if !plan.assigns.is_empty() {
        out += "\n";
    }
    for placed in &plan.assigns {
        for text in &placed.comments {
            comment(&mut out, INDENT, text);
        }
        let target = &scope.nets[placed.target].name;
        out += &format!("{INDENT}assign {target} = {};\n", printer.expr(&placed.value));
    }
    if !plan.always.is_empty() {
        out += &format!("\n{INDENT}always @(*) begin\n");
        printer.block(&plan.always, &format!("{INDENT}{INDENT}"), &mut out);
        out += &format!("{INDENT}end\n");
    }
    registers(&printer, &plan, &mut out)?;
    Ok(out + "endmodule\n")
}

fn used_variants(stmts: &[Stmt]) -> BTreeSet<String> {
    fn of_expr(expr: &Expr, out: &mut BTreeSet<String>) {
        match &expr.kind {
            ExprKind::Variant(key) => {
                out.insert(key.clone());
            }
            ExprKind::Not(x)
            | ExprKind::Negate(x)
            | ExprKind::Reduce(_, x)
            | ExprKind::Resize(x)
            | ExprKind::Reinterpret(x)
            | ExprKind::PartSelect(_, x)
            | ExprKind::ReplaceBit(_, _, x) => of_expr(x, out),
            ExprKind::Binary(_, a, b) => {
                of_expr(a, out);
                of_expr(b, out);
            }
            ExprKind::Net(_) | ExprKind::Literal(_) | ExprKind::Slice(..) => {}
        }
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

fn nets_read(plan: &Plan) -> BTreeSet<NetId> {
    let mut out = BTreeSet::new();
    let placed = plan.assigns.iter().chain(plan.clocked.values());
    let values = placed.map(|placed| &placed.value);
    for value in values.chain(plan.ports.values()) {
        value.for_each_net(&mut |net| {
            out.insert(net);
        });
    }
    for_each_expr(&plan.always, &mut |expr| {
        expr.for_each_net(&mut |net| {
            out.insert(net);
        });
    });
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
    match docs {
        [line] if line.len() <= BESIDE_UP_TO => {
            *out += &format!("{INDENT}{declaration} // {line}\n");
        }
        lines => {
            for line in lines {
                comment(out, INDENT, line);
            }
            *out += &format!("{INDENT}{declaration}\n");
        }
    }
}

fn ports(scope: &Scope, is_reg: impl Fn(NetId) -> bool) -> String {
    let ports: Vec<(NetId, &Net)> = scope
        .nets
        .iter()
        .enumerate()
        .filter(|(_, net)| matches!(net.role, Role::Input | Role::Output | Role::InOut))
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

fn constants(scope: &Scope, out: &mut String) {
    for net in scope.nets.iter().filter(|net| net.role == Role::Constant) {
        let signed = if net.ty.is_signed() { "signed " } else { "" };
        let range = format!("[{}:0]", net.ty.width - 1);
        let value = net.value.print(net.ty.is_signed());
        let declaration = format!("localparam {signed}{range} {} = {value};", net.name);
        documented(out, &declaration, &net.docs);
    }
}

fn declarations(scope: &Scope, plan: &Plan, read: &BTreeSet<NetId>, out: &mut String) {
    let mut text = String::new();
    for (id, net) in scope.nets.iter().enumerate() {
        let kind = match net.role {
            Role::Register => "reg",
            Role::Local if plan.is_assigned(id) => "wire",
            Role::Local => "reg",
            // Declared beside its register.
            Role::NextValue => continue,
            Role::ChildInput(_) if plan.ports.contains_key(&id) => continue,
            Role::ChildInput(_) if plan.is_assigned(id) => "wire",
            Role::ChildInput(_) => "reg",
            Role::ChildOutput(_) if read.contains(&id) => "wire",
            _ => continue,
        };
        let mut names = net.name.clone();
        if let (Role::Register, Some(next)) = (net.role, scope.next_of(net)) {
            if !plan.clocked.contains_key(&next) {
                names += &format!(", {}", scope.nets[next].name);
            }
        }
        let declaration = format!("{kind} {}{names};", shape(net));
        documented(&mut text, &declaration, &net.docs);
    }
    if !text.is_empty() {
        *out += "\n";
        *out += &text;
    }
}

fn instance(
    printer: &Printer,
    plan: &Plan,
    read: &BTreeSet<NetId>,
    index: usize,
    module: &str,
    out: &mut String,
) {
    let scope = printer.scope;
    *out += "\n";
    for text in plan.instance_comments.get(&index).into_iter().flatten() {
        comment(out, INDENT, text);
    }
    let mut connections = Vec::new();
    for (id, net) in scope.nets.iter().enumerate() {
        let text = match net.role {
            Role::ChildInput(child) if child == index => match plan.ports.get(&id) {
                Some(value) => printer.connection(value),
                None => net.name.clone(),
            },
            Role::ChildOutput(child) if child == index => {
                if read.contains(&id) {
                    net.name.clone()
                } else {
                    String::new()
                }
            }
            _ => continue,
        };
        connections.push(format!("{INDENT}{INDENT}.{}({text})", net.port));
    }
    *out += &format!(
        "{INDENT}{module} {} (\n{}\n{INDENT});\n",
        scope.instances[index],
        connections.join(",\n")
    );
}

fn registers(printer: &Printer, plan: &Plan, out: &mut String) -> Result<(), EmitError> {
    let scope = printer.scope;
    let Some(clock) = plan.clock else {
        return Ok(());
    };
    let mut initial = String::new();
    let mut clocked = String::new();
    for net in &scope.nets {
        if net.role != Role::Register {
            continue;
        }
        let value = Literal::print(&net.value, net.ty.is_signed());
        initial += &format!("{INDENT}{INDENT}{} = {value};\n", net.name);
        let next = scope
            .next_of(net)
            .ok_or_else(|| scope.unsupported(format!("`{}` without a next value", net.key)))?;
        let value = match plan.clocked.get(&next) {
            Some(placed) => {
                for text in &placed.comments {
                    comment(&mut clocked, &format!("{INDENT}{INDENT}"), text);
                }
                printer.expr(&placed.value)
            }
            None => scope.nets[next].name.clone(),
        };
        clocked += &format!("{INDENT}{INDENT}{} <= {value};\n", net.name);
    }
    let clock = &scope.nets[clock].name;
    *out += &format!("\n{INDENT}initial begin\n{initial}{INDENT}end\n");
    *out += &format!("\n{INDENT}always @(posedge {clock}) begin\n{clocked}{INDENT}end\n");
    Ok(())
}
