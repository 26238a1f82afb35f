//! One block as the text of one Verilog module.

use super::collect::BlockInfo;
use super::docs::StructDocs;
use super::flow;
use super::fold::{fold, live};
use super::inline::inline;
use super::ir::{for_each_expr, Expr, ExprKind, Label, Net, NetId, Role, Stmt};
use super::lower::lower;
use super::names::is_reserved;
use super::plan::plan;
use super::print::{Printer, INDENT};
use super::scope::Scope;
use super::split::living;
use super::text::{comment, constants, ports, Child, Text};
use super::EmitError;
use rust_hdl::prelude::Verilog;
use std::collections::{BTreeMap, BTreeSet};

/// The text of a module.
pub(super) struct ModuleText {
    /// The doc comment before it.
    pub above: String,
    /// Text after its name.
    pub body: String,
    /// Ports of the block that the module does not have.
    pub unused: BTreeSet<String>,
}

/// Required ports of a block.
#[derive(Clone, Copy)]
pub(super) enum Need<'a> {
    /// All: a user connects it.
    Whole,
    /// Every output, and the inputs that it reads: several parents connect it.
    Outputs,
    /// These outputs, and the inputs that they depend on.
    Some(&'a BTreeSet<String>),
}

impl<'a> Need<'a> {
    fn outputs(self) -> Option<&'a BTreeSet<String>> {
        match self {
            Need::Whole | Need::Outputs => None,
            Need::Some(outputs) => Some(outputs),
        }
    }
}

/// A block whose statements are known, and what becomes of it.
pub(super) struct Analysed<'a> {
    block: &'a BlockInfo,
    scope: Scope,
    /// Those of the kernel, simplified; none where its Verilog is written by hand.
    stmts: Vec<Stmt>,
}

impl<'a> Analysed<'a> {
    /// Types and checks the statements of a block.
    pub fn new(block: &'a BlockInfo, docs: Option<&StructDocs>) -> Result<Self, EmitError> {
        let scope = Scope::new(block, docs)?;
        let mut stmts = Vec::new();
        if let Verilog::Combinatorial(code) = &block.hdl {
            stmts = lower(&scope, code)?;
            flow::check(&scope, &stmts)?;
            stmts = inline(&scope, fold(&scope, stmts));
            stmts = fold(&scope, stmts);
        }
        Ok(Self { block, scope, stmts })
    }

    /// The outputs of each child that the block reads.
    pub fn outputs_read(&self, need: Need) -> Vec<BTreeSet<String>> {
        let mut out = vec![BTreeSet::new(); self.block.children.len()];
        for net in live(&self.scope, &self.stmts, need.outputs(), &BTreeSet::new()) {
            let net = &self.scope.nets[net];
            if let Role::ChildOutput(child) = net.role {
                out[child].insert(net.field.clone());
            }
        }
        out
    }

    /// The text of the block's module.
    pub fn text(
        self,
        docs: Option<&StructDocs>,
        children: &[Child],
        need: Need,
    ) -> Result<ModuleText, EmitError> {
        let mut above = String::new();
        for line in docs.map(|docs| docs.docs.as_slice()).unwrap_or_default() {
            comment(&mut above, "", line);
        }
        let scope = self.scope;
        let (body, unused) = match &self.block.hdl {
            Verilog::Combinatorial(_) => kernel_module(scope, self.stmts, children, need)?,
            Verilog::Custom(code) => (text_module(&scope, code)?, BTreeSet::new()),
            Verilog::Wrapper(wrapper) => (text_module(&scope, &wrapper.code)?, BTreeSet::new()),
            Verilog::Empty | Verilog::Blackbox(_) => {
                return Err(scope.unsupported("a block without Verilog"));
            }
        };
        Ok(ModuleText { above, body, unused })
    }
}

/// A module whose code was written by hand; an output that it assigns in a block is a `reg`.
fn text_module(scope: &Scope, code: &str) -> Result<String, EmitError> {
    if let Some(net) = scope.nets.iter().find(|net| is_reserved(&net.key) || net.key.contains('$'))
    {
        return Err(scope.unsupported(format!("a hand-written block with the port `{}`", net.key)));
    }
    let mut out = ports(scope, |_| true, |_| true, |net| is_reg(code, &scope.nets[net].name));
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

/// A module with a kernel, and the ports that it does not need.
fn kernel_module(
    mut scope: Scope,
    stmts: Vec<Stmt>,
    children: &[Child],
    need: Need,
) -> Result<(String, BTreeSet<String>), EmitError> {
    let ignored = ignored_inputs(&scope, children);
    let live = live(&scope, &stmts, need.outputs(), &ignored);
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

    let is_unused = |(id, net): &(NetId, &Net)| match net.role {
        Role::Input => !read.contains(id) && !matches!(need, Need::Whole),
        Role::Output => !live.contains(id),
        _ => false,
    };
    let ports_unused = scope.nets.iter().enumerate().filter(is_unused);
    let unused: BTreeSet<String> = ports_unused.map(|(_, net)| net.key.clone()).collect();
    let has_port = |net: NetId| !unused.contains(&scope.nets[net].key);
    let is_read = |net: NetId| read.contains(&net);
    let mut out = ports(&scope, is_read, has_port, |net| !plan.is_assigned(net));
    constants(&scope, is_read, &mut out);
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
        Role::ChildInput(child) => children[child].lacks(net),
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
