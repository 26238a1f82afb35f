//! Divides a kernel into processes: the signals of each, and its statements.
//!
//! A kernel executes from top to bottom, Verilog's processes run in parallel. A signal can have its own process if every reader
//! uses its last value; a reader of a value that is replaced later stays in one process with it.

use super::ir::{Expr, ExprKind, Label, NetId, Operator, Role, Stmt, Type};
use super::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// Signals of one branch with their own assignments, with the test repeated.
const MOST_CHOICES: usize = 3;

/// The process of every net that a kernel drives.
pub(super) struct Processes {
    /// The net that names a process, by net.
    leader: BTreeMap<NetId, NetId>,
    /// Next values that the clocked process may compute itself.
    clocked: BTreeSet<NetId>,
}

impl Processes {
    /// Divides the statements of a kernel.
    pub fn new(scope: &Scope, stmts: &[Stmt]) -> Self {
        let mut early = Vec::new();
        early_reads(stmts, &mut BTreeSet::new(), &mut early);
        let waits: BTreeSet<NetId> = early.iter().map(|(target, _)| *target).collect();
        let driven: BTreeSet<NetId> = stmts.iter().flat_map(Stmt::writes).collect();
        let is_next = |net: &&NetId| scope.nets[**net].role == Role::NextValue;
        let clocked = driven.iter().filter(is_next).filter(|net| !waits.contains(net));
        let clocked: BTreeSet<NetId> = clocked.copied().collect();
        let alone = driven.iter().filter(|net| !clocked.contains(net)).map(|net| (*net, *net));
        let mut bound = Self { leader: alone.collect(), clocked };
        for (target, net) in early {
            bound.join(target, net);
        }
        let mut out = Self { leader: bound.leader.clone(), clocked: bound.clocked.clone() };
        for stmt in stmts {
            let together = stmt.writes();
            // What one expression chooses needs no process.
            let alone =
                |net: &NetId| chosen(&restricted(stmts, &|target| target == *net)).is_some();
            if !(together.len() <= MOST_CHOICES && together.iter().all(alone)) {
                out.join_all(&together);
            }
        }
        // Signals that only stand in one branch together need not: apart they may be free of a loop.
        for (net, leader) in out.loops(stmts) {
            if out.leader.get(&net) == Some(&leader) {
                out.leader.insert(net, bound.leader[&net]);
            }
        }
        for (net, leader) in out.loops(stmts) {
            out.join(net, leader);
        }
        out
    }

    /// Whether the net is computed in the clocked process.
    pub fn is_clocked(&self, net: NetId) -> bool {
        self.clocked.contains(&net)
    }

    /// The name of the net's combinational process.
    pub fn of(&self, net: NetId) -> Option<NetId> {
        self.leader.get(&net).copied()
    }

    fn join(&mut self, a: NetId, b: NetId) {
        let (Some(a), Some(b)) = (self.of(a), self.of(b)) else {
            return;
        };
        for leader in self.leader.values_mut() {
            if *leader == a {
                *leader = b;
            }
        }
    }

    fn join_all(&mut self, nets: &BTreeSet<NetId>) {
        let mut nets = nets.iter().filter(|net| self.leader.contains_key(net)).copied();
        let Some(first) = nets.next() else {
            return;
        };
        for net in nets.collect::<Vec<_>>() {
            self.join(net, first);
        }
    }

    /// The nets of processes that depend on each other, each with the name of one of them.
    fn loops(&self, stmts: &[Stmt]) -> Vec<(NetId, NetId)> {
        let mut reads: BTreeMap<NetId, BTreeSet<NetId>> = BTreeMap::new();
        for (net, leader) in &self.leader {
            let own = restricted(stmts, &|target| target == *net);
            let read = own.iter().flat_map(Stmt::reads).filter_map(|read| self.of(read));
            reads.entry(*leader).or_default().extend(read.filter(|read| read != leader));
        }
        let reach = |from: NetId| {
            let (mut open, mut seen) = (vec![from], BTreeSet::new());
            while let Some(next) = open.pop() {
                for read in reads.get(&next).into_iter().flatten() {
                    if seen.insert(*read) {
                        open.push(*read);
                    }
                }
            }
            seen
        };
        let reached: BTreeMap<NetId, BTreeSet<NetId>> =
            reads.keys().map(|leader| (*leader, reach(*leader))).collect();
        let is_in = |leader: &NetId| reached[leader].contains(leader);
        let in_loop = |leader: &NetId| {
            let others = reached[leader].iter();
            others.filter(|other| reached[other].contains(leader)).min().copied()
        };
        let nets = self.leader.iter().filter(|(_, leader)| is_in(leader));
        nets.filter_map(|(net, leader)| Some((*net, in_loop(leader)?))).collect()
    }
}

/// Finds nets that are read before their last assignment: pairs of the net whose value depends on it, and the net read.
fn early_reads(stmts: &[Stmt], later: &mut BTreeSet<NetId>, out: &mut Vec<(NetId, NetId)>) {
    for stmt in stmts.iter().rev() {
        match stmt {
            Stmt::Assign { target, value, .. } => {
                value.for_each_net(&mut |net| {
                    if later.contains(&net) {
                        out.push((*target, net));
                    }
                });
                later.insert(*target);
            }
            Stmt::If { test, then, otherwise } => {
                branches(stmt, test, [then.as_slice(), otherwise].into_iter(), later, out);
            }
            Stmt::Case { test, arms } => {
                branches(stmt, test, arms.iter().map(|(_, body)| body.as_slice()), later, out);
            }
            Stmt::Comment(_) => {}
        }
    }
}

fn branches<'a>(
    stmt: &Stmt,
    test: &Expr,
    bodies: impl Iterator<Item = &'a [Stmt]>,
    later: &mut BTreeSet<NetId>,
    out: &mut Vec<(NetId, NetId)>,
) {
    let behind = later.clone();
    for body in bodies {
        let mut path = behind.clone();
        early_reads(body, &mut path, out);
        later.extend(path);
    }
    let targets = stmt.writes();
    test.for_each_net(&mut |net| {
        if later.contains(&net) {
            out.extend(targets.iter().map(|target| (*target, net)));
        }
    });
}

/// The statements with the assignments to some nets only; a comment stays with the statement below it.
pub(super) fn restricted(stmts: &[Stmt], keeps: &dyn Fn(NetId) -> bool) -> Vec<Stmt> {
    let mut out = Vec::new();
    let mut comments = Vec::new();
    for stmt in stmts {
        if let Stmt::Comment(_) = stmt {
            comments.push(stmt.clone());
            continue;
        }
        let first = first_target(stmt);
        if let Some(kept) = restricted_one(stmt, keeps) {
            if first.is_some_and(keeps) {
                out.append(&mut comments);
            }
            out.push(kept);
        }
        comments.clear();
    }
    out
}

/// The statements whose nets are live; comments outside branches stay.
pub(super) fn living(stmts: &[Stmt], live: &BTreeSet<NetId>) -> Vec<Stmt> {
    let is_live = |net| live.contains(&net);
    let kept = stmts.iter().filter_map(|stmt| match stmt {
        Stmt::Comment(_) => Some(stmt.clone()),
        stmt => restricted_one(stmt, &is_live),
    });
    kept.collect()
}

/// The first net that a statement assigns.
pub(super) fn first_target(stmt: &Stmt) -> Option<NetId> {
    let mut first = None;
    super::ir::for_each_target(std::slice::from_ref(stmt), &mut |net| {
        first.get_or_insert(net);
    });
    first
}

/// A statement with the assignments to some nets only, if there are any.
pub(super) fn restricted_one(stmt: &Stmt, keeps: &dyn Fn(NetId) -> bool) -> Option<Stmt> {
    match stmt {
        Stmt::Assign { target, .. } => keeps(*target).then(|| stmt.clone()),
        Stmt::If { test, then, otherwise } => {
            let (then, otherwise) = (restricted(then, keeps), restricted(otherwise, keeps));
            match (then.is_empty(), otherwise.is_empty()) {
                (true, true) => None,
                (true, false) => {
                    Some(Stmt::If { test: not(test.clone()), then: otherwise, otherwise: then })
                }
                _ => Some(Stmt::If { test: test.clone(), then, otherwise }),
            }
        }
        Stmt::Case { test, arms } => {
            let arms: Vec<(Label, Vec<Stmt>)> =
                arms.iter().map(|(label, body)| (label.clone(), restricted(body, keeps))).collect();
            if arms.iter().all(|(_, body)| body.is_empty()) {
                return None;
            }
            Some(Stmt::Case { test: test.clone(), arms })
        }
        Stmt::Comment(_) => None,
    }
}

fn not(test: Expr) -> Expr {
    match test.kind {
        ExprKind::Not(inner) => *inner,
        kind => {
            let inner = Expr { ty: test.ty, kind };
            Expr { ty: Type::unsigned(1), kind: ExprKind::Not(Box::new(inner)) }
        }
    }
}

/// The only target of the statements and its value, if one expression gives it.
pub(super) fn chosen(stmts: &[Stmt]) -> Option<(NetId, Expr)> {
    let only = |stmts: &[Stmt]| match stmts {
        [Stmt::Assign { target, field: None, value }] => Some((*target, value.clone())),
        _ => None,
    };
    if let Some(plain) = only(stmts) {
        return Some(plain);
    }
    let (test, first, second) = match stmts {
        [Stmt::If { test, then, otherwise }] => (test, only(then)?, only(otherwise)?),
        [Stmt::Assign { .. }, Stmt::If { test, then, otherwise }] if otherwise.is_empty() => {
            (test, only(then)?, only(&stmts[..1])?)
        }
        _ => return None,
    };
    let ((target, a), (other, b)) = (first, second);
    // A product takes its width from what it is assigned to.
    let is_product = |value: &Expr| matches!(value.kind, ExprKind::Binary(Operator::Mul, ..));
    if target != other
        || [test, &a, &b].iter().any(|part| part.reads(target))
        || is_product(&a)
        || is_product(&b)
    {
        return None;
    }
    let kind = ExprKind::Select(Box::new(test.clone()), Box::new(a.clone()), Box::new(b));
    Some((target, Expr { ty: a.ty, kind }))
}
