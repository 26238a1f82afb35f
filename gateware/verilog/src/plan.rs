//! Decides where each assignment of a kernel goes in the Verilog.
//!
//! Wiring becomes port connections; what is assigned once, outside every branch, becomes an `assign` or, for a register, an
//! assignment in the clocked block; the rest stays together, in order, in one `always @(*)`. Fewer signals in that block also
//! spare Verilator loops that exist only between whole blocks.

use super::ir::{for_each_expr, for_each_target, Class, Expr, ExprKind, NetId, Role, Stmt};
use super::scope::Scope;
use super::EmitError;
use std::collections::{BTreeMap, BTreeSet};

/// An expression with the comments that stood above it.
#[derive(Debug)]
pub(super) struct Placed {
    pub comments: Vec<String>,
    pub target: NetId,
    pub value: Expr,
}

/// Where the assignments of a module go.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Child inputs connected without a net of their own.
    pub ports: BTreeMap<NetId, Expr>,
    /// Comments above the instances, by child.
    pub instance_comments: BTreeMap<usize, Vec<String>>,
    /// Continuous assignments.
    pub assigns: Vec<Placed>,
    /// Next values written in the clocked block.
    pub clocked: BTreeMap<NetId, Placed>,
    /// The combinational block.
    pub always: Vec<Stmt>,
    /// The clock of the registers.
    pub clock: Option<NetId>,
}

impl Plan {
    /// Whether the net is a `wire` because an `assign` drives it.
    pub fn is_assigned(&self, net: NetId) -> bool {
        self.assigns.iter().any(|placed| placed.target == net)
    }
}

/// Plans a module.
pub(super) fn plan(scope: &Scope, mut stmts: Vec<Stmt>) -> Result<Plan, EmitError> {
    let mut read = BTreeSet::new();
    for_each_expr(&stmts, &mut |expr| {
        expr.for_each_net(&mut |net| {
            read.insert(net);
        });
    });
    drop_dead_defaults(&mut stmts, &read);
    let once = assigned_once(&stmts);
    let mut planner = Planner {
        scope,
        once,
        constant: scope.nets.iter().map(|net| net.role == Role::Constant).collect(),
        plan: Plan::default(),
    };
    let mut comments = Vec::new();
    for stmt in stmts {
        planner.place(stmt, &mut comments)?;
    }
    planner.plan.always.extend(comments.into_iter().map(Stmt::Comment));
    planner.check_sensitivity()?;
    Ok(planner.plan)
}

/// Removes unconditional assignments that a later unconditional one makes useless, such as those of `dff_setup!`.
fn drop_dead_defaults(stmts: &mut Vec<Stmt>, read: &BTreeSet<NetId>) {
    let mut everywhere: BTreeMap<NetId, usize> = BTreeMap::new();
    for_each_target(stmts, &mut |net| *everywhere.entry(net).or_default() += 1);
    let mut plain: BTreeMap<NetId, Vec<usize>> = BTreeMap::new();
    for (index, stmt) in stmts.iter().enumerate() {
        if let Stmt::Assign { target, field: None, .. } = stmt {
            plain.entry(*target).or_default().push(index);
        }
    }
    let mut dead = BTreeSet::new();
    for (net, indices) in plain {
        if !read.contains(&net) && everywhere.get(&net) == Some(&indices.len()) {
            dead.extend(indices.iter().rev().skip(1).copied());
        }
    }
    let mut index = 0;
    stmts.retain(|_| {
        index += 1;
        !dead.contains(&(index - 1))
    });
}

/// Whether an expression is only bits in another order.
fn is_wiring(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Net(_) | ExprKind::Literal(_) | ExprKind::Variant(_) | ExprKind::Slice(..) => {
            true
        }
        ExprKind::Resize(inner) | ExprKind::Reinterpret(inner) => is_wiring(inner),
        _ => false,
    }
}

/// The nets with one assignment, outside every branch.
fn assigned_once(stmts: &[Stmt]) -> BTreeSet<NetId> {
    let mut count: BTreeMap<NetId, usize> = BTreeMap::new();
    for_each_target(stmts, &mut |net| *count.entry(net).or_default() += 1);
    stmts
        .iter()
        .filter_map(|stmt| match stmt {
            Stmt::Assign { target, field: None, .. } if count.get(target) == Some(&1) => {
                Some(*target)
            }
            _ => None,
        })
        .collect()
}

struct Planner<'a> {
    scope: &'a Scope,
    once: BTreeSet<NetId>,
    constant: Vec<bool>,
    plan: Plan,
}

impl Planner<'_> {
    fn place(&mut self, stmt: Stmt, comments: &mut Vec<String>) -> Result<(), EmitError> {
        let (target, value) = match stmt {
            Stmt::Comment(text) => {
                comments.push(text);
                return Ok(());
            }
            Stmt::Assign { target, field: None, value } if self.once.contains(&target) => {
                (target, value)
            }
            stmt => {
                self.keep(stmt, comments);
                return Ok(());
            }
        };
        let role = self.scope.nets[target].role;
        let is_simple = is_wiring(&value);
        let stable = self.is_stable(&value);
        let constant = self.is_constant(&value);
        match role {
            Role::RegisterClock => self.take_clock(&value)?,
            Role::ChildInput(child) if is_simple && stable => {
                let above = self.plan.instance_comments.entry(child).or_default();
                above.append(comments);
                self.plan.ports.insert(target, value);
            }
            Role::NextValue if stable => {
                let comments = std::mem::take(comments);
                self.plan.clocked.insert(target, Placed { comments, target, value });
            }
            Role::Output | Role::Local | Role::ChildInput(_) if stable => {
                self.constant[target] = constant;
                self.plan.assigns.push(Placed {
                    comments: std::mem::take(comments),
                    target,
                    value,
                });
            }
            _ if self.scope.nets[target].ty.class == Class::Clock => {
                return Err(self.scope.unsupported(format!(
                    "the clock `{}` computed, not connected",
                    self.scope.nets[target].key.replace('$', ".")
                )))
            }
            _ => self.keep(Stmt::Assign { target, field: None, value }, comments),
        }
        Ok(())
    }

    fn keep(&mut self, stmt: Stmt, comments: &mut Vec<String>) {
        self.plan.always.extend(comments.drain(..).map(Stmt::Comment));
        self.plan.always.push(stmt);
    }

    /// Whether every net read has one value throughout the kernel.
    fn is_stable(&self, value: &Expr) -> bool {
        let mut stable = true;
        value.for_each_net(&mut |net| {
            stable &= self.scope.nets[net].role.is_source() || self.once.contains(&net);
        });
        stable
    }

    fn is_constant(&self, value: &Expr) -> bool {
        let mut constant = true;
        value.for_each_net(&mut |net| constant &= self.constant[net]);
        constant
    }

    fn take_clock(&mut self, value: &Expr) -> Result<(), EmitError> {
        let ExprKind::Net(clock) = value.kind else {
            return Err(self.scope.unsupported("a register's clock computed"));
        };
        match self.plan.clock {
            Some(other) if other != clock => {
                Err(EmitError::TwoClocks { module: self.scope.path.clone() })
            }
            _ => {
                self.plan.clock = Some(clock);
                Ok(())
            }
        }
    }

    /// A block that reads nothing that changes would never run in a simulator.
    fn check_sensitivity(&self) -> Result<(), EmitError> {
        let mut has_assignment = false;
        for_each_target(&self.plan.always, &mut |_| has_assignment = true);
        let mut varies = false;
        for_each_expr(&self.plan.always, &mut |expr| {
            expr.for_each_net(&mut |net| varies |= !self.constant[net]);
        });
        if has_assignment && !varies {
            return Err(self
                .scope
                .unsupported("a kernel that computes only constants; assign each once"));
        }
        Ok(())
    }
}
