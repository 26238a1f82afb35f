//! The literals of the kernels, held against the register map: the dialect has no constants in patterns.

use hge_protocol::frame::{flag, Operation, Status};
use hge_protocol::registers::{self as map, command, mode, protection};
use hge_protocol::table::TABLE_BASE;

/// Settings that [`Registers::named_place`](crate::registers::Registers::named_place) can name.
const _: () = assert!(
    map::SETTLE == 0x23
        && map::LEAD_IN == 0x24
        && map::GAP == 0x25
        && map::CASES_USED == 0x27
        && map::EPOCHS == 0x28
        && map::STARTS_USED == 0x29
        && map::INPUT_MASK == 0x2b
        && map::INPUT_MASK_HIGH == 0x36
        && map::GRADIENT_SHIFT == 0x2e
        && map::STEP_SHIFT == 0x2f
        && map::LOSS_STOP == 0x30
);

/// Pages of 256 registers.
const _: () = assert!(
    map::COMMAND == 0x000f
        && map::TUNING == 1 << 8
        && map::SLOT == 2 << 8
        && map::GUARD == 3 << 8
        && map::ANALOGUE == 5 << 8
        && map::CODES == 4 << 8
        && TABLE_BASE == 0x10 << 8
);

const _: () = assert!(
    command::RUN == 1
        && command::STOP == 2
        && command::ARM_HOST == 3
        && command::DISARM == 4
        && command::ARM_STANDALONE == 5
        && command::CAPTURE == 6
        && command::REPEAT == 7
);

const _: () = assert!(
    Operation::Hello.code() == 0x48
        && Operation::Read.code() == 0x52
        && Operation::Write.code() == 0x57
        && Status::BadAddress.code() == 1
        && Status::Busy.code() == 2
        && Status::Unsafe.code() == 4
        && Status::Gone.code() == 6
);

const _: () = assert!(
    mode::PERTURB == 1 << 0
        && mode::SHAPING == 1 << 2
        && mode::COST == 1 << 3
        && mode::COMPACT == 1 << 4
        && flag::COMPACT == 1 << 6
        && protection::INTERLOCK == 1 << 0
        && protection::OVERCURRENT == 1 << 1
);
