//! Golden pins: where every port of every board is, from what the boards' makers and others publish, not from `constraints`.
//!
//! Sites were read by hand, on 28 November 2026, in the files that each table names (repositories on GitHub: `amaranth-lang/amaranth-boards`,
//! `litex-hub/litex-boards`, `wuxx/Colorlight-FPGA-Projects`). The converters are Digilent's Pmod DA4 (1 SYNC, 2 DIN, 4 SCLK) and Pmod AD1
//! (1 CS, 2 D0, 3 D1, 4 SCLK), so that a connector's first, second and fourth pin are theirs.

use hge_boards::board_file::Board;
use std::collections::BTreeMap;

/// Port, place as printed on the board (empty for what the board itself has), site of the package.
type Pin = (&'static str, &'static str, &'static str);

/// amaranth-boards, icebreaker.py: connectors pmod 0 (1A) `4 2 47 45 - - 3 48 46 44`, 1 (1B) `43 38 34 31 - - 42 36 32 28`, 2 `27 25 21 19 - - 26 23 20 18`.
const ICEBREAKER: &[Pin] = &[
    ("clk", "", "35"),
    ("uart_rx", "", "6"),
    ("uart_tx", "", "9"),
    ("dac_sync_n", "Pmod 1A, 1", "4"),
    ("dac_data", "Pmod 1A, 2", "2"),
    ("dac_sclk", "Pmod 1A, 4", "45"),
    ("adc_cs_n", "Pmod 1B, 1", "43"),
    ("adc_data", "Pmod 1B, 2", "38"),
    ("adc_sclk", "Pmod 1B, 4", "31"),
    ("interlock", "Pmod 1B, 7", "42"),
    ("output_enable", "Pmod 2, 1", "27"),
    ("trigger", "Pmod 2, 2", "25"),
    ("reference", "Pmod 2, 3", "21"),
    ("led_activity", "Pmod 2, 7", "26"),
    ("arm_button", "", "10"),
    ("led_fault", "", "11"),
    ("led_armed", "", "37"),
];

/// The same, with the second data line of the Pmod AD1 (pin 3).
const ICEBREAKER_TWO_INPUTS: &[Pin] = &[
    ("clk", "", "35"),
    ("uart_rx", "", "6"),
    ("uart_tx", "", "9"),
    ("dac_sync_n", "Pmod 1A, 1", "4"),
    ("dac_data", "Pmod 1A, 2", "2"),
    ("dac_sclk", "Pmod 1A, 4", "45"),
    ("adc_cs_n", "Pmod 1B, 1", "43"),
    ("adc_data_0", "Pmod 1B, 2", "38"),
    ("adc_data_1", "Pmod 1B, 3", "34"),
    ("adc_sclk", "Pmod 1B, 4", "31"),
    ("interlock", "Pmod 1B, 7", "42"),
    ("output_enable", "Pmod 2, 1", "27"),
    ("trigger", "Pmod 2, 2", "25"),
    ("reference", "Pmod 2, 3", "21"),
    ("led_activity", "Pmod 2, 7", "26"),
    ("arm_button", "", "10"),
    ("led_fault", "", "11"),
    ("led_armed", "", "37"),
];

/// amaranth-boards, ulx3s.py: connector gpio (`14+` is U18, and so on), LEDs `B2 C2 C1`, FIRE1 R1, the ESP32's enable F1.
const ULX3S: &[Pin] = &[
    ("clk", "", "G2"),
    ("uart_rx", "", "M1"),
    ("uart_tx", "", "L4"),
    ("dac_sync_n", "gp14", "U18"),
    ("dac_data", "gp15", "N17"),
    ("dac_sclk", "gp17", "L16"),
    ("adc_cs_n", "gp21", "C18"),
    ("adc_data", "gp22", "B15"),
    ("adc_sclk", "gp24", "C16"),
    ("interlock", "gp0", "B11"),
    ("output_enable", "gp1", "A10"),
    ("trigger", "gp2", "A9"),
    ("reference", "gp3", "B9"),
    ("arm_button", "", "R1"),
    ("led_armed", "", "B2"),
    ("led_fault", "", "C2"),
    ("led_activity", "", "C1"),
    ("wifi_en", "", "F1"),
];

/// litex-boards, colorlight_i5.py: connectors pmode `C17 B18 B20 F20 A18 A19 B19 D20`, pmodf `D1 C1 C2 E3 E2 D2 B1 A3`, clock, LED and UART; the pins of
/// P2A from src/i5/common/io.lpf of Colorlight-FPGA-Projects.
const COLORLIGHT: &[Pin] = &[
    ("clk", "", "P3"),
    ("uart_rx", "", "H18"),
    ("uart_tx", "", "J17"),
    ("dac_sync_n", "P3A, A18", "A18"),
    ("dac_data", "P3A, A19", "A19"),
    ("dac_sclk", "P3A, D20", "D20"),
    ("adc_cs_n", "P3B, E2", "E2"),
    ("adc_data", "P3B, D2", "D2"),
    ("adc_sclk", "P3B, A3", "A3"),
    ("output_enable", "P2A, M17", "M17"),
    ("trigger", "P2A, R17", "R17"),
    ("reference", "P2A, T18", "T18"),
    ("arm_button", "P2A, K18", "K18"),
    ("interlock", "P2A, C18", "C18"),
    ("led_armed", "P2A, P17", "P17"),
    ("led_fault", "P2A, R18", "R18"),
    ("led_activity", "", "U16"),
];

/// The same with an FT232H module: P2B by the numbers 16 to 19 and 15 to 12 of connector P2 in io.lpf, as P3B has them of P3; the other row of P3A.
const COLORLIGHT_FT245: &[Pin] = &[
    ("clk", "", "P3"),
    ("fifo_data_0", "P2B, J20", "J20"),
    ("fifo_data_1", "P2B, L18", "L18"),
    ("fifo_data_2", "P2B, M18", "M18"),
    ("fifo_data_3", "P2B, N17", "N17"),
    ("fifo_data_4", "P2B, G20", "G20"),
    ("fifo_data_5", "P2B, K20", "K20"),
    ("fifo_data_6", "P2B, L20", "L20"),
    ("fifo_data_7", "P2B, N18", "N18"),
    ("fifo_rxf_n", "P3A, C17", "C17"),
    ("fifo_txe_n", "P3A, B18", "B18"),
    ("fifo_rd_n", "P3A, B20", "B20"),
    ("fifo_wr_n", "P3A, F20", "F20"),
    ("dac_sync_n", "P3A, A18", "A18"),
    ("dac_data", "P3A, A19", "A19"),
    ("dac_sclk", "P3A, D20", "D20"),
    ("adc_cs_n", "P3B, E2", "E2"),
    ("adc_data", "P3B, D2", "D2"),
    ("adc_sclk", "P3B, A3", "A3"),
    ("output_enable", "P2A, M17", "M17"),
    ("trigger", "P2A, R17", "R17"),
    ("reference", "P2A, T18", "T18"),
    ("arm_button", "P2A, K18", "K18"),
    ("interlock", "P2A, C18", "C18"),
    ("led_armed", "P2A, P17", "P17"),
    ("led_fault", "P2A, R18", "R18"),
    ("led_activity", "", "U16"),
];

/// litex-boards, gsd_orangecrab.py, revision 0.2: GPIO `N17 M18 C10 C9 - B10 B9 - - C8 B8 A8 H2 J2 ... - L4 N3 N4`, button J17, LED `K4 M3 J3`.
const ORANGECRAB: &[Pin] = &[
    ("clk", "", "A9"),
    ("uart_rx", "IO 0", "N17"),
    ("uart_tx", "IO 1", "M18"),
    ("dac_sync_n", "IO 5", "B10"),
    ("dac_data", "IO 6", "B9"),
    ("dac_sclk", "IO 9", "C8"),
    ("adc_cs_n", "IO 10", "B8"),
    ("adc_data", "IO 11", "A8"),
    ("adc_sclk", "IO 12", "H2"),
    ("interlock", "IO 13", "J2"),
    ("output_enable", "A0", "L4"),
    ("trigger", "A1", "N3"),
    ("reference", "A2", "N4"),
    ("arm_button", "", "J17"),
    ("led_armed", "", "M3"),
    ("led_fault", "", "K4"),
    ("led_activity", "", "J3"),
];

/// litex-boards, sipeed_tang_nano_9k.py: J6 `38 37 36 39 25 26 27 28 29 30 33 34 40 35`, LEDs `10 11 13`, buttons `3 4`, UART 18 and 17.
const TANG_NANO_9K: &[Pin] = &[
    ("clk", "", "52"),
    ("uart_rx", "", "18"),
    ("uart_tx", "", "17"),
    ("dac_sync_n", "25", "25"),
    ("dac_data", "26", "26"),
    ("dac_sclk", "27", "27"),
    ("adc_cs_n", "28", "28"),
    ("adc_data", "29", "29"),
    ("adc_sclk", "30", "30"),
    ("interlock", "33", "33"),
    ("output_enable", "34", "34"),
    ("trigger", "40", "40"),
    ("reference", "35", "35"),
    ("arm_button", "", "3"),
    ("led_armed", "", "10"),
    ("led_fault", "", "11"),
    ("led_activity", "", "13"),
];

/// litex-boards, sipeed_tang_nano_20k.py: J6 `- 73 74 75 85 77 15 16 27 28 25 26 29 30 31`, LEDs `15 16 17`, buttons `88 87`, UART 70 and 69.
const TANG_NANO_20K: &[Pin] = &[
    ("clk", "", "4"),
    ("uart_rx", "", "70"),
    ("uart_tx", "", "69"),
    ("dac_sync_n", "73", "73"),
    ("dac_data", "74", "74"),
    ("dac_sclk", "75", "75"),
    ("adc_cs_n", "27", "27"),
    ("adc_data", "28", "28"),
    ("adc_sclk", "25", "25"),
    ("interlock", "29", "29"),
    ("output_enable", "30", "30"),
    ("trigger", "31", "31"),
    ("reference", "26", "26"),
    ("arm_button", "", "88"),
    ("led_armed", "", "15"),
    ("led_fault", "", "16"),
    ("led_activity", "", "17"),
];

/// amaranth-boards, arty_a7.py: pmod 0 (JA) `G13 B11 A11 D12`, 1 (JB) `E15 E16 D15 C15 - - J17`, 3 (JD) `D4 D3 F4 F3`, LEDs `H5 J5 T9`, BTN0 D9, UART A9, D10.
const ARTY: &[Pin] = &[
    ("clk", "", "E3"),
    ("uart_rx", "", "A9"),
    ("uart_tx", "", "D10"),
    ("dac_sync_n", "JA, 1", "G13"),
    ("dac_data", "JA, 2", "B11"),
    ("dac_sclk", "JA, 4", "D12"),
    ("adc_cs_n", "JD, 1", "D4"),
    ("adc_data", "JD, 2", "D3"),
    ("adc_sclk", "JD, 4", "F3"),
    ("output_enable", "JB, 1", "E15"),
    ("trigger", "JB, 2", "E16"),
    ("reference", "JB, 3", "D15"),
    ("interlock", "JB, 7", "J17"),
    ("arm_button", "", "D9"),
    ("led_armed", "", "H5"),
    ("led_fault", "", "J5"),
    ("led_activity", "", "T9"),
];

/// litex-boards, redpitaya.py: E1 `- - G17 G18 H16 H17 J18 H18 K17 K18 L14 L15 L16 L17 K16 J16 M14 M15` (DIO0_P, DIO0_N, DIO1_P and so on), clock U18
/// and U19, LEDs `F16 F17 G15`.
const STEMLAB: &[Pin] = &[
    ("clk_p", "", "U18"),
    ("clk_n", "", "U19"),
    ("uart_rx", "E1, DIO0_P", "G17"),
    ("uart_tx", "E1, DIO0_N", "G18"),
    ("dac_sync_n", "E1, DIO1_P", "H16"),
    ("dac_data", "E1, DIO1_N", "H17"),
    ("dac_sclk", "E1, DIO2_P", "J18"),
    ("adc_cs_n", "E1, DIO3_P", "K17"),
    ("adc_data", "E1, DIO3_N", "K18"),
    ("adc_sclk", "E1, DIO4_P", "L14"),
    ("interlock", "E1, DIO5_P", "L16"),
    ("arm_button", "E1, DIO5_N", "L17"),
    ("output_enable", "E1, DIO6_P", "K16"),
    ("trigger", "E1, DIO6_N", "J16"),
    ("reference", "E1, DIO7_P", "M14"),
    ("led_armed", "", "F16"),
    ("led_fault", "", "F17"),
    ("led_activity", "", "G15"),
];

const BOARDS: [(&str, &[Pin]); 11] = [
    ("icebreaker", ICEBREAKER),
    ("icebreaker-two-inputs", ICEBREAKER_TWO_INPUTS),
    ("ulx3s-25f", ULX3S),
    ("ulx3s-85f", ULX3S),
    ("colorlight-i5", COLORLIGHT),
    ("colorlight-i5-ft245", COLORLIGHT_FT245),
    ("orangecrab-25f", ORANGECRAB),
    ("tangnano-9k", TANG_NANO_9K),
    ("tangnano-20k", TANG_NANO_20K),
    ("arty-a7-35t", ARTY),
    ("stemlab-125-14", STEMLAB),
];

#[test]
fn every_port_of_every_board_is_where_the_published_pins_say() {
    for board in Board::all().unwrap() {
        let name = board.file.name.as_str();
        let golden = BOARDS.iter().find(|(golden, _)| *golden == name);
        let (_, golden) = golden.unwrap_or_else(|| panic!("{name} has no golden pins: add them"));
        let sites: BTreeMap<&str, &str> = golden.iter().map(|pin| (pin.0, pin.2)).collect();
        let located = board.located();
        let located: BTreeMap<&str, &str> =
            located.iter().map(|(port, site)| (port.as_str(), site.as_str())).collect();
        assert_eq!(located, sites, "sites of {name}");
        let on_header = golden.iter().filter(|pin| !pin.1.is_empty());
        let on_header: BTreeMap<&str, &str> = on_header.map(|pin| (pin.0, pin.1)).collect();
        let header = board.file.header.iter();
        let header: BTreeMap<&str, &str> =
            header.map(|(port, place)| (port.as_str(), place.as_str())).collect();
        assert_eq!(header, on_header, "places of {name}");
    }
}
