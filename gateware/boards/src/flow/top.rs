//! The vendor's top of a board: pads, PLL, polarity, around the module `hge_board`, whose ports are active high.

use crate::board_file::{ports, Board, Direction, Level};
use crate::fpga::pll::{self, Dividers};
use crate::fpga::Fpga;
use std::fmt::Write;

/// Name of the module that every top instantiates.
pub const BOARD_MODULE: &str = "hge_board";

/// Ports of `hge_board` at the pin `name`, and whether the pin is active low.
fn inside(board: &Board, name: &str) -> (String, bool) {
    let polarity = board.file.polarity;
    let level = match name {
        "arm_button" => polarity.button,
        "interlock" => polarity.interlock,
        "output_enable" => polarity.output_enable,
        _ if name.starts_with("led_") => polarity.leds,
        _ => Level::High,
    };
    (name.trim_start_matches("uart_").to_owned(), level == Level::Low)
}

/// The top as Verilog; `title` is its header.
///
/// # Errors
/// The PLL cannot make the clock.
pub fn verilog(board: &Board, title: &str) -> Result<String, pll::PllError> {
    let clock = board.file.clock;
    let dividers = pll::settings(&board.file.fpga, clock.pin_hz, clock.system_hz)?;
    let mut pins = Vec::new();
    let mut assigned = String::new();
    let mut connected = vec!["    .clock(clock)".to_owned(), "    .locked(locked)".to_owned()];
    let ports = ports(board);
    let both: Vec<&str> = ports
        .iter()
        .filter(|port| port.direction == Direction::Both)
        .map(|port| port.name.as_str())
        .collect();
    if !both.is_empty() {
        assigned += "wire [7:0] fifo_data_in;\nwire [7:0] fifo_data_out;\nwire fifo_drives;\n";
        let names = ["fifo_data_in", "fifo_data_out", "fifo_drives"];
        connected.extend(names.map(|name| format!("    .{name}({name})")));
    }
    for (bit, port) in both.iter().enumerate() {
        pins.push(format!("    inout wire {port}"));
        assigned += &pad(&board.file.fpga, port, bit);
    }
    for port in ports.iter().filter(|port| port.direction != Direction::Both) {
        let has = board.locates(&port.name);
        if has {
            let direction = if port.direction == Direction::In { "input" } else { "output" };
            pins.push(format!("    {direction} wire {}", port.name));
        }
        if port.name.starts_with("clk") {
            continue;
        }
        let (name, low) = inside(board, &port.name);
        connected.push(match (has, port.direction, low) {
            (true, _, false) => format!("    .{name}({})", port.name),
            (true, Direction::In, true) => format!("    .{name}(!{})", port.name),
            (true, _, true) => {
                let _ = write!(
                    assigned,
                    "wire {name}_active;\nassign {} = !{name}_active;\n",
                    port.name
                );
                format!("    .{name}({name}_active)")
            }
            (false, Direction::In, _) => format!("    .{name}(1'b0)"),
            (false, _, _) => format!("    .{name}()"),
        });
    }
    for (name, level) in &board.file.held {
        pins.push(format!("    output wire {name}"));
        let _ = writeln!(assigned, "assign {name} = 1'b{};", u8::from(*level == Level::High));
    }
    let mut text: String = title.lines().map(|line| format!("// {line}\n")).collect();
    let _ = write!(text, "\n`default_nettype none\n\nmodule top (\n{}\n);\n\n", pins.join(",\n"));
    text += "wire clock;\nwire locked;\n";
    let mut pin = "clk";
    if clock.differential {
        text += "wire pin_clock;\nIBUFDS pair (.I(clk_p), .IB(clk_n), .O(pin_clock));\n";
        pin = "pin_clock";
    }
    text += &match dividers {
        None => format!("assign clock = {pin};\nassign locked = 1'b1;\n"),
        Some(dividers) => pll_cell(board, dividers, pin),
    };
    let _ = write!(
        text,
        "\n{assigned}\n{BOARD_MODULE} board (\n{}\n);\n\nendmodule\n",
        connected.join(",\n")
    );
    Ok(text)
}

/// The family's pad of a data pin of the FIFO, which is driven while `fifo_drives`.
fn pad(fpga: &Fpga, port: &str, bit: usize) -> String {
    let (into, out) = (format!("fifo_data_in[{bit}]"), format!("fifo_data_out[{bit}]"));
    let (cell, ports) = match fpga {
        // Without registers; the output as the enable says.
        Fpga::Ice40 { .. } => (
            "SB_IO #(.PIN_TYPE(6'b101001))",
            format!(
                ".PACKAGE_PIN({port}), .OUTPUT_ENABLE(fifo_drives), .D_OUT_0({out}), .D_IN_0({into})"
            ),
        ),
        Fpga::Ecp5 { .. } => ("BB", format!(".B({port}), .I({out}), .T(!fifo_drives), .O({into})")),
        Fpga::Gowin { .. } => {
            ("IOBUF", format!(".IO({port}), .I({out}), .OEN(!fifo_drives), .O({into})"))
        }
        Fpga::Xilinx { .. } => {
            ("IOBUF", format!(".IO({port}), .I({out}), .T(!fifo_drives), .O({into})"))
        }
    };
    format!("{cell} {port}_pad ({ports});\n")
}

fn pll_cell(board: &Board, dividers: Dividers, pin: &str) -> String {
    let Dividers { divide_in, multiply, divide_out } = dividers;
    let clock = board.file.clock;
    let [pin_mhz, system_mhz] = [clock.pin_hz, clock.system_hz].map(|hz| f64::from(hz) / 1e6);
    match &board.file.fpga {
        Fpga::Ice40 { .. } => format!(
            "SB_PLL40_PAD #(\n    .FEEDBACK_PATH(\"SIMPLE\"),\n    .DIVR(4'd{}),\n    .DIVF(7'd{}),\n    \
             .DIVQ(3'd{}),\n    .FILTER_RANGE(3'd{})\n) pll (\n    .PACKAGEPIN({pin}),\n    .PLLOUTGLOBAL(clock),\n    \
             .LOCK(locked),\n    .RESETB(1'b1),\n    .BYPASS(1'b0)\n);\n",
            divide_in - 1,
            multiply - 1,
            divide_out.ilog2(),
            pll::ice40_filter_range(clock.pin_hz, dividers),
        ),
        Fpga::Ecp5 { .. } => format!(
            "(* FREQUENCY_PIN_CLKI = \"{pin_mhz}\", FREQUENCY_PIN_CLKOP = \"{system_mhz}\" *)\n\
             (* ICP_CURRENT = \"12\", LPF_RESISTOR = \"8\", MFG_ENABLE_FILTEROPAMP = \"1\", MFG_GMCREF_SEL = \"2\" *)\n\
             EHXPLLL #(\n    .PLLRST_ENA(\"DISABLED\"),\n    .INTFB_WAKE(\"DISABLED\"),\n    .STDBY_ENABLE(\"DISABLED\"),\n    \
             .DPHASE_SOURCE(\"DISABLED\"),\n    .OUTDIVIDER_MUXA(\"DIVA\"),\n    .OUTDIVIDER_MUXB(\"DIVB\"),\n    \
             .OUTDIVIDER_MUXC(\"DIVC\"),\n    .OUTDIVIDER_MUXD(\"DIVD\"),\n    .CLKI_DIV({divide_in}),\n    \
             .CLKOP_ENABLE(\"ENABLED\"),\n    .CLKOP_DIV({divide_out}),\n    .CLKOP_CPHASE({}),\n    .CLKOP_FPHASE(0),\n    \
             .FEEDBK_PATH(\"CLKOP\"),\n    .CLKFB_DIV({multiply})\n) pll (\n    .RST(1'b0),\n    .STDBY(1'b0),\n    \
             .CLKI({pin}),\n    .CLKOP(clock),\n    .CLKFB(clock),\n    .CLKINTFB(),\n    .PHASESEL0(1'b0),\n    \
             .PHASESEL1(1'b0),\n    .PHASEDIR(1'b1),\n    .PHASESTEP(1'b1),\n    .PHASELOADREG(1'b1),\n    \
             .PLLWAKESYNC(1'b0),\n    .ENCLKOP(1'b0),\n    .LOCK(locked)\n);\n",
            divide_out - 1,
        ),
        Fpga::Gowin { variant, .. } => format!(
            "rPLL #(\n    .FCLKIN(\"{pin_mhz}\"),\n    .DEVICE(\"{variant}\"),\n    .IDIV_SEL({}),\n    .FBDIV_SEL({}),\n    \
             .ODIV_SEL({divide_out})\n) pll (\n    .CLKIN({pin}),\n    .CLKOUT(clock),\n    .LOCK(locked),\n    \
             .CLKOUTP(),\n    .CLKOUTD(),\n    .CLKOUTD3(),\n    .RESET(1'b0),\n    .RESET_P(1'b0),\n    .CLKFB(1'b0),\n    \
             .FBDSEL(6'b0),\n    .IDSEL(6'b0),\n    .ODSEL(6'b0),\n    .PSDA(4'b0),\n    .DUTYDA(4'b0),\n    .FDLY(4'b0)\n);\n",
            divide_in - 1,
            multiply - 1,
        ),
        Fpga::Xilinx { .. } => format!(
            "wire feedback;\nwire made;\n\
             MMCME2_BASE #(\n    .CLKIN1_PERIOD({:.3}),\n    .DIVCLK_DIVIDE({divide_in}),\n    \
             .CLKFBOUT_MULT_F({multiply}.0),\n    .CLKOUT0_DIVIDE_F({divide_out}.0)\n) pll (\n    .CLKIN1({pin}),\n    \
             .CLKFBIN(feedback),\n    .CLKFBOUT(feedback),\n    .CLKOUT0(made),\n    .LOCKED(locked),\n    .PWRDWN(1'b0),\n    \
             .RST(1'b0)\n);\nBUFG buffer (.I(made), .O(clock));\n",
            1000.0 / pin_mhz,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(name: &str) -> String {
        verilog(&Board::named(name).unwrap(), "title").unwrap()
    }

    #[test]
    fn active_low_pins_are_inverted_and_others_are_not() {
        let text = top("icebreaker");
        for line in [
            ".interlock(!interlock)",
            "assign led_fault = !led_fault_active;",
            ".led_fault(led_fault_active)",
            ".output_enable(output_enable)",
            ".rx(uart_rx)",
            ".tx(uart_tx)",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }

    #[test]
    fn a_pll_is_there_where_the_clocks_differ_and_only_there() {
        assert!(top("icebreaker").contains(".DIVF(7'd63)"));
        assert!(top("icebreaker").contains(".DIVQ(3'd5)"));
        assert!(top("ulx3s-25f").contains("EHXPLLL"));
        assert!(top("arty-a7-35t").contains("MMCME2_BASE"));
        assert!(top("stemlab-125-14").contains("IBUFDS pair (.I(clk_p), .IB(clk_n)"));
        let gowin = top("tangnano-20k");
        assert!(gowin.contains("assign clock = clk;") && !gowin.contains("rPLL"));
    }

    #[test]
    fn data_pins_of_a_fifo_have_a_pad_of_the_family_that_is_off_unless_driven() {
        let board = Board::named("colorlight-i5-ft245").unwrap();
        let text = verilog(&board, "").unwrap();
        for bit in 0..8 {
            let port = format!("fifo_data_{bit}");
            assert!(text.contains(&format!("inout wire {port}")), "{text}");
            let pad = format!(
                "BB {port}_pad (.B({port}), .I(fifo_data_out[{bit}]), .T(!fifo_drives), .O(fifo_data_in[{bit}]));"
            );
            assert!(text.contains(&pad), "{pad}\n{text}");
        }
        for line in
            [".fifo_rxf_n(fifo_rxf_n)", ".fifo_wr_n(fifo_wr_n)", ".fifo_drives(fifo_drives)"]
        {
            assert!(text.contains(line), "{line}\n{text}");
        }
        let ice40 = Fpga::Ice40 { device: "up5k".into(), package: "sg48".into() };
        assert!(
            pad(&ice40, "p", 3).contains(".OUTPUT_ENABLE(fifo_drives), .D_OUT_0(fifo_data_out[3])")
        );
    }

    #[test]
    fn pins_a_board_lacks_are_left_out_and_held_pins_are_driven() {
        let mut board = Board::named("ulx3s-85f").unwrap();
        assert!(verilog(&board, "").unwrap().contains("assign wifi_en = 1'b0;"));
        let lines = board
            .pins
            .lines()
            .filter(|line| !line.contains("arm_button") && !line.contains("led_fault"));
        board.pins = lines.collect::<Vec<_>>().join("\n");
        let text = verilog(&board, "").unwrap();
        assert!(text.contains(".led_fault()"), "{text}");
        assert!(!text.contains("input wire arm_button"));
    }
}
