//! The typed form of a kernel between rust-hdl's syntax tree and the Verilog text.

use std::collections::BTreeSet;

/// Number of a net in its module.
pub(super) type NetId = usize;

/// Interpretation of a value's bits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Type {
    pub width: usize,
    pub class: Class,
}

/// The classes of values.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Class {
    Unsigned,
    Signed,
    Clock,
    /// Name of the type and its variants, without the type's name.
    Enum(String, Vec<String>),
    /// Fields from bit 0 upwards.
    Struct(Vec<(String, Type)>),
}

impl Type {
    pub fn unsigned(width: usize) -> Self {
        Self { width, class: Class::Unsigned }
    }

    pub fn signed(width: usize) -> Self {
        Self { width, class: Class::Signed }
    }

    pub fn is_signed(&self) -> bool {
        self.class == Class::Signed
    }

    /// Whether a value of `self` may be assigned to or compared with `other`.
    pub fn matches(&self, other: &Type) -> bool {
        self.width == other.width && self.is_signed() == other.is_signed()
    }
}

/// The part a net plays in its module.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    Input,
    Output,
    InOut,
    Local,
    Constant,
    /// Output of a register folded into this module.
    Register,
    /// Next value of a register.
    NextValue,
    /// Clock of a register.
    RegisterClock,
    /// Input port of the child with this number.
    ChildInput(usize),
    /// Output port of the child with this number.
    ChildOutput(usize),
}

impl Role {
    /// Whether the kernel has to assign it.
    pub fn is_driven_here(self) -> bool {
        matches!(
            self,
            Role::Output
                | Role::Local
                | Role::NextValue
                | Role::RegisterClock
                | Role::ChildInput(_)
        )
    }

    /// Whether its value is fixed while the kernel runs.
    pub fn is_source(self) -> bool {
        matches!(self, Role::Input | Role::Constant | Role::Register | Role::ChildOutput(_))
    }
}

/// A signal of a module.
#[derive(Clone, Debug)]
pub(super) struct Net {
    /// rust-hdl's name, with `$`.
    pub key: String,
    /// The Verilog name.
    pub name: String,
    /// For a port of a child: its Verilog name in the child.
    pub port: String,
    /// For a port of a child: rust-hdl's name of it.
    pub field: String,
    pub ty: Type,
    pub role: Role,
    /// Value of a constant, initial value of a register.
    pub value: Literal,
    pub docs: Vec<String>,
}

impl Net {
    /// Whether it is a constant for the user of the module: one with a doc comment, and not a flag that removes logic.
    pub fn is_parameter(&self) -> bool {
        self.role == Role::Constant && !self.docs.is_empty() && self.ty.width > 1
    }
}

/// An integer of a known width, as two's complement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Literal {
    pub width: usize,
    /// Hexadecimal digits, lower case, no leading zeros.
    pub hex: String,
}

/// An expression of known type; every operand has exactly the width its operator needs.
#[derive(Clone, Debug)]
pub(super) struct Expr {
    pub ty: Type,
    pub kind: ExprKind,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub(super) enum ExprKind {
    Net(NetId),
    Literal(Literal),
    Variant(String),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Reduce(&'static str, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// Bits of a net from a fixed position.
    Slice(NetId, usize),
    /// Bits of a net from a varying position.
    PartSelect(NetId, Box<Expr>),
    /// Another width: zero- or sign-extended by the operand's type, or truncated.
    Resize(Box<Expr>),
    /// Unchanged bits, signed or unsigned.
    Reinterpret(Box<Expr>),
    ReplaceBit(NetId, usize, Box<Expr>),
    /// Concatenation, the highest first.
    Concat(Vec<Expr>),
    /// One bit as often as the type has bits.
    Repeat(Box<Expr>),
    /// The second where the first is 1, else the third.
    Select(Box<Expr>, Box<Expr>, Box<Expr>),
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operator {
    Add,
    Sub,
    Mul,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

impl Operator {
    pub fn is_compare(self) -> bool {
        matches!(
            self,
            Operator::Eq | Operator::Ne | Operator::Lt | Operator::Le | Operator::Gt | Operator::Ge
        )
    }
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Stmt {
    Assign {
        target: NetId,
        /// Position and width when only a field is assigned.
        field: Option<(usize, usize)>,
        value: Expr,
    },
    If {
        test: Expr,
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    Case {
        test: Expr,
        arms: Vec<(Label, Vec<Stmt>)>,
    },
    Comment(String),
}

/// The label of a case.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Label {
    Variant(String),
    Literal(u64),
    Default,
}

impl Expr {
    /// Calls `visit` with every net that is read.
    pub fn for_each_net(&self, visit: &mut impl FnMut(NetId)) {
        match &self.kind {
            ExprKind::Net(net)
            | ExprKind::Slice(net, _)
            | ExprKind::PartSelect(net, _)
            | ExprKind::ReplaceBit(net, ..) => visit(*net),
            _ => {}
        }
        for operand in self.operands() {
            operand.for_each_net(visit);
        }
    }

    /// Whether it reads the net.
    pub fn reads(&self, net: NetId) -> bool {
        let mut found = false;
        self.for_each_net(&mut |read| found |= read == net);
        found
    }

    /// The expressions directly below.
    pub fn operands(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Net(_)
            | ExprKind::Slice(..)
            | ExprKind::Literal(_)
            | ExprKind::Variant(_) => Vec::new(),
            ExprKind::Not(x)
            | ExprKind::Negate(x)
            | ExprKind::Reduce(_, x)
            | ExprKind::Resize(x)
            | ExprKind::Repeat(x)
            | ExprKind::Reinterpret(x)
            | ExprKind::PartSelect(_, x)
            | ExprKind::ReplaceBit(_, _, x) => vec![x],
            ExprKind::Binary(_, a, b) => vec![a, b],
            ExprKind::Concat(parts) => parts.iter().collect(),
            ExprKind::Select(test, a, b) => vec![test, a, b],
        }
    }
}

impl Stmt {
    /// The nets that it writes, nested assignments included.
    pub fn writes(&self) -> BTreeSet<NetId> {
        let mut out = BTreeSet::new();
        for_each_target(std::slice::from_ref(self), &mut |net| {
            out.insert(net);
        });
        out
    }

    /// The nets that it reads, once for every place.
    pub fn reads(&self) -> Vec<NetId> {
        let mut out = Vec::new();
        for_each_expr(std::slice::from_ref(self), &mut |expr| {
            expr.for_each_net(&mut |net| out.push(net));
        });
        out
    }
}

/// Removes the statements at these positions.
pub(super) fn remove_at(stmts: &mut Vec<Stmt>, positions: &BTreeSet<usize>) {
    let mut index = 0;
    stmts.retain(|_| {
        index += 1;
        !positions.contains(&(index - 1))
    });
}

/// Calls `visit` with every expression of the statements, nested ones included.
pub(super) fn for_each_expr<'a>(stmts: &'a [Stmt], visit: &mut impl FnMut(&'a Expr)) {
    for stmt in stmts {
        match stmt {
            Stmt::Assign { value, .. } => visit(value),
            Stmt::If { test, then, otherwise } => {
                visit(test);
                for_each_expr(then, visit);
                for_each_expr(otherwise, visit);
            }
            Stmt::Case { test, arms } => {
                visit(test);
                for (_, body) in arms {
                    for_each_expr(body, visit);
                }
            }
            Stmt::Comment(_) => {}
        }
    }
}

/// Calls `visit` with every expression of the statements to change it.
pub(super) fn for_each_expr_mut(stmts: &mut [Stmt], visit: &mut impl FnMut(&mut Expr)) {
    for stmt in stmts {
        match stmt {
            Stmt::Assign { value, .. } => visit(value),
            Stmt::If { test, then, otherwise } => {
                visit(test);
                for_each_expr_mut(then, visit);
                for_each_expr_mut(otherwise, visit);
            }
            Stmt::Case { test, arms } => {
                visit(test);
                for (_, body) in arms {
                    for_each_expr_mut(body, visit);
                }
            }
            Stmt::Comment(_) => {}
        }
    }
}

/// Calls `visit` with the target of every assignment, nested ones included.
pub(super) fn for_each_target(stmts: &[Stmt], visit: &mut impl FnMut(NetId)) {
    for stmt in stmts {
        match stmt {
            Stmt::Assign { target, .. } => visit(*target),
            Stmt::If { then, otherwise, .. } => {
                for_each_target(then, visit);
                for_each_target(otherwise, visit);
            }
            Stmt::Case { arms, .. } => {
                for (_, body) in arms {
                    for_each_target(body, visit);
                }
            }
            Stmt::Comment(_) => {}
        }
    }
}
