//! Decides the place of each assignment of a kernel in the Verilog.
//!
//! Wiring becomes port connections, and a single selection an `assign`. Assignments to registers go into clocked processes, one
//! for each part of the kernel between two comments; the others into combinational ones, with as few signals in each as `split` allows.

use super::ir::{Class, Expr, ExprKind, NetId, Role, Stmt};
use super::scope::Scope;
use super::split::{chosen, first_target, restricted_one, Processes};
use super::EmitError;
use std::collections::{BTreeMap, BTreeSet};

/// A part of the text of a module.
#[derive(Debug)]
pub(super) enum Item {
    Comment(String),
    /// A continuous assignment.
    Assign(NetId, Expr),
    /// A combinational process.
    Always(Vec<Stmt>),
    /// A process of the registers: the targets are next values.
    Clocked(Vec<Stmt>),
}

/// Where the assignments of a module go.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Child inputs connected without a net of their own.
    pub ports: BTreeMap<NetId, Expr>,
    /// Comments above the instances, by child.
    pub instance_comments: BTreeMap<usize, Vec<String>>,
    /// Text after the instances.
    pub items: Vec<Item>,
    /// Next values with a signal of their own.
    pub separate: BTreeSet<NetId>,
    /// The clock of the registers.
    pub clock: Option<NetId>,
}

impl Plan {
    /// Whether the net is a `wire` because an `assign` drives it.
    pub fn is_assigned(&self, net: NetId) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Assign(target, _) if *target == net))
    }

    /// The nets that processes and assignments drive.
    pub fn driven(&self) -> BTreeSet<NetId> {
        let mut out = BTreeSet::new();
        for item in &self.items {
            match item {
                Item::Assign(target, _) => {
                    out.insert(*target);
                }
                Item::Always(stmts) => out.extend(stmts.iter().flat_map(Stmt::writes)),
                Item::Clocked(_) | Item::Comment(_) => {}
            }
        }
        out
    }

    /// The expressions of the module, those of port connections included.
    pub fn for_each_expr<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        self.ports.values().for_each(&mut *visit);
        for item in &self.items {
            match item {
                Item::Assign(_, value) => visit(value),
                Item::Always(stmts) | Item::Clocked(stmts) => {
                    super::ir::for_each_expr(stmts, visit);
                }
                Item::Comment(_) => {}
            }
        }
    }
}

/// Plans a module.
pub(super) fn plan(scope: &Scope, stmts: &[Stmt]) -> Result<Plan, EmitError> {
    let mut planner = Planner {
        scope,
        processes: Processes::new(scope, stmts),
        constant: scope.nets.iter().map(|net| net.role == Role::Constant).collect(),
        plan: Plan::default(),
    };
    planner.take_clocks(stmts)?;
    let parts = planner.parts(stmts);
    for part in parts {
        planner.place(part)?;
    }
    Ok(planner.plan)
}

/// Code between two comments of a kernel.
#[derive(Default)]
struct Part {
    comments: Vec<String>,
    /// Combinational processes that begin here.
    combinational: Vec<Vec<Stmt>>,
    /// The process of the registers that end here.
    clocked: Vec<Stmt>,
}

struct Planner<'a> {
    scope: &'a Scope,
    processes: Processes,
    /// Whether a net never changes.
    constant: Vec<bool>,
    plan: Plan,
}

impl Planner<'_> {
    fn take_clocks(&mut self, stmts: &[Stmt]) -> Result<(), EmitError> {
        for stmt in stmts {
            let Some(target) = first_target(stmt) else {
                continue;
            };
            let net = &self.scope.nets[target];
            if net.ty.class != Class::Clock {
                continue;
            }
            let Stmt::Assign { value: Expr { kind: ExprKind::Net(clock), .. }, .. } = stmt else {
                return Err(self.scope.unsupported(format!(
                    "the clock `{}` computed, not connected",
                    net.key.replace('$', ".")
                )));
            };
            if net.role == Role::RegisterClock {
                if self.plan.clock.is_some_and(|other| other != *clock) {
                    return Err(EmitError::TwoClocks { module: self.scope.path.clone() });
                }
                self.plan.clock = Some(*clock);
            }
        }
        Ok(())
    }

    /// The processes by the part of the kernel that contains them.
    fn parts(&self, stmts: &[Stmt]) -> Vec<Part> {
        let mut parts = vec![Part::default()];
        // Part and position of each combinational process, by its name.
        let mut places: BTreeMap<NetId, (usize, usize)> = BTreeMap::new();
        let mut clocked: Vec<(usize, Stmt)> = Vec::new();
        let mut comments = Vec::new();
        for stmt in stmts {
            if let Stmt::Comment(text) = stmt {
                comments.push(text.clone());
                continue;
            }
            if !comments.is_empty() {
                let comments = std::mem::take(&mut comments);
                parts.push(Part { comments, ..Part::default() });
            }
            let here = parts.len() - 1;
            let mut leaders: Vec<NetId> = Vec::new();
            for net in stmt.writes() {
                match self.processes.of(net) {
                    Some(leader) if !leaders.contains(&leader) => leaders.push(leader),
                    _ => {}
                }
            }
            for leader in leaders {
                let is_own = |net: NetId| self.processes.of(net) == Some(leader);
                let Some(own) = restricted_one(stmt, &is_own) else {
                    continue;
                };
                let (part, index) = *places.entry(leader).or_insert_with(|| {
                    parts[here].combinational.push(Vec::new());
                    (here, parts[here].combinational.len() - 1)
                });
                parts[part].combinational[index].push(own);
            }
            let is_clocked = |net: NetId| self.processes.is_clocked(net);
            if let Some(own) = restricted_one(stmt, &is_clocked) {
                clocked.push((here, own));
            }
        }
        self.add_separate(&places, &mut clocked);
        place_clocked(clocked, &mut parts);
        keep_comments(&mut parts);
        if let Some(last) = parts.last_mut() {
            last.comments.append(&mut comments);
        }
        parts
    }

    /// The assignments of the registers whose next value is computed in a combinational process.
    fn add_separate(
        &self,
        places: &BTreeMap<NetId, (usize, usize)>,
        clocked: &mut Vec<(usize, Stmt)>,
    ) {
        for (id, net) in self.scope.nets.iter().enumerate() {
            let leader = self.processes.of(id).filter(|_| net.role == Role::NextValue);
            if let Some((part, _)) = leader.and_then(|leader| places.get(&leader)) {
                let value = Expr { ty: net.ty.clone(), kind: ExprKind::Net(id) };
                clocked.push((*part, Stmt::Assign { target: id, field: None, value }));
            }
        }
    }

    fn place(&mut self, part: Part) -> Result<(), EmitError> {
        let mut comments = part.comments;
        for process in part.combinational {
            self.place_process(process, &mut comments)?;
        }
        let registers = without_holds(self.scope, part.clocked);
        self.plan.items.extend(comments.into_iter().map(Item::Comment));
        if !registers.is_empty() {
            self.plan.items.push(Item::Clocked(registers));
        }
        Ok(())
    }

    fn place_process(
        &mut self,
        stmts: Vec<Stmt>,
        comments: &mut Vec<String>,
    ) -> Result<(), EmitError> {
        let Some((target, value)) = chosen(&stmts) else {
            self.plan.items.extend(comments.drain(..).map(Item::Comment));
            self.check_sensitivity(&stmts)?;
            let targets = stmts.iter().flat_map(Stmt::writes);
            let is_next = |net: &NetId| self.scope.nets[*net].role == Role::NextValue;
            self.plan.separate.extend(targets.filter(is_next));
            self.plan.items.push(Item::Always(stmts));
            return Ok(());
        };
        match self.scope.nets[target].role {
            Role::RegisterClock => {}
            Role::ChildInput(child) if is_wiring(&value) => {
                self.plan.instance_comments.entry(child).or_default().append(comments);
                self.plan.ports.insert(target, value);
            }
            role => {
                if role == Role::NextValue {
                    self.plan.separate.insert(target);
                }
                let mut is_constant = true;
                value.for_each_net(&mut |net| is_constant &= self.constant[net]);
                self.constant[target] = is_constant;
                self.plan.items.extend(comments.drain(..).map(Item::Comment));
                self.plan.items.push(Item::Assign(target, value));
            }
        }
        Ok(())
    }

    /// A process that reads only constants would never run in a simulator.
    fn check_sensitivity(&self, stmts: &[Stmt]) -> Result<(), EmitError> {
        let varies = stmts.iter().flat_map(Stmt::reads).any(|net| !self.constant[net]);
        if varies {
            return Ok(());
        }
        Err(self.scope.unsupported("a kernel that computes only constants; assign each once"))
    }
}

/// Puts the assignments of registers into the last part in which one of them that belong together is assigned.
fn place_clocked(clocked: Vec<(usize, Stmt)>, parts: &mut [Part]) {
    // A register must be assigned in one process: parts that share one are joined.
    let mut joined: Vec<usize> = (0..parts.len()).collect();
    let mut last: BTreeMap<NetId, usize> = BTreeMap::new();
    for (part, stmt) in &clocked {
        for net in stmt.writes() {
            let Some(before) = last.insert(net, *part) else {
                continue;
            };
            let (a, b) = (joined[before], joined[*part]);
            let to = a.max(b);
            for place in &mut joined {
                if *place == a || *place == b {
                    *place = to;
                }
            }
        }
    }
    for (part, stmt) in clocked {
        parts[joined[part]].clocked.push(stmt);
    }
}

/// Moves the comments of empty parts to the next part.
fn keep_comments(parts: &mut [Part]) {
    for index in 1..parts.len() {
        let (before, after) = parts.split_at_mut(index);
        let before = &mut before[index - 1];
        if before.combinational.is_empty() && before.clocked.is_empty() {
            let mut comments = std::mem::take(&mut before.comments);
            comments.append(&mut after[0].comments);
            after[0].comments = comments;
        }
    }
}

/// Without the initial assignments of registers to themselves: a register holds its value.
fn without_holds(scope: &Scope, stmts: Vec<Stmt>) -> Vec<Stmt> {
    let mut assigned = BTreeSet::new();
    let mut out = Vec::new();
    for stmt in stmts {
        if let Stmt::Assign { target, field: None, value } = &stmt {
            let holds = matches!(value.kind, ExprKind::Net(register)
                if scope.next_of(&scope.nets[register]) == Some(*target));
            if holds && !assigned.contains(target) {
                continue;
            }
        }
        assigned.extend(stmt.writes());
        out.push(stmt);
    }
    out
}

/// Whether an expression only reorders bits.
fn is_wiring(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Net(_) | ExprKind::Literal(_) | ExprKind::Variant(_) | ExprKind::Slice(..) => {
            true
        }
        ExprKind::Resize(inner) | ExprKind::Reinterpret(inner) | ExprKind::Repeat(inner) => {
            is_wiring(inner)
        }
        ExprKind::Concat(parts) => parts.iter().all(is_wiring),
        _ => false,
    }
}
