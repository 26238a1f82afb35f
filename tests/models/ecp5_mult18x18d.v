// Simulation model of the ECP5 multiplier MULT18X18D with the registers that the gateware uses.
//
// Modelled: the product of two 18-bit operands, each signed if its SIGNED input is high, else unsigned; SIGNEDP, high if
// either is signed; input registers of A and B and output registers on CLK0 with CE0 and RST0, which start at zero.
// Not modelled, and refused with $fatal: the pipeline register, registers on other clocks, the cascade inputs (SOURCEA, SOURCEB), the
// bypass, and C with the high-speed clock. SROA, SROB, ROA, ROB and ROC are not there: a netlist that uses them does not
// compile. Yosys has a black box alone.

`timescale 1ns / 1ps

module MULT18X18D (
    input A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0,
    input B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0,
    input C17, C16, C15, C14, C13, C12, C11, C10, C9, C8, C7, C6, C5, C4, C3, C2, C1, C0,
    input SIGNEDA, SIGNEDB, SOURCEA, SOURCEB,
    input CLK0, CLK1, CLK2, CLK3, CE0, CE1, CE2, CE3, RST0, RST1, RST2, RST3,
    output P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
    P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0,
    output SIGNEDP
);
    parameter REG_INPUTA_CLK = "NONE";
    parameter REG_INPUTA_CE = "CE0";
    parameter REG_INPUTA_RST = "RST0";
    parameter REG_INPUTB_CLK = "NONE";
    parameter REG_INPUTB_CE = "CE0";
    parameter REG_INPUTB_RST = "RST0";
    parameter REG_INPUTC_CLK = "NONE";
    parameter REG_INPUTC_CE = "CE0";
    parameter REG_INPUTC_RST = "RST0";
    parameter REG_PIPELINE_CLK = "NONE";
    parameter REG_PIPELINE_CE = "CE0";
    parameter REG_PIPELINE_RST = "RST0";
    parameter REG_OUTPUT_CLK = "NONE";
    parameter REG_OUTPUT_CE = "CE0";
    parameter REG_OUTPUT_RST = "RST0";
    parameter CLK0_DIV = "ENABLED";
    parameter CLK1_DIV = "ENABLED";
    parameter CLK2_DIV = "ENABLED";
    parameter CLK3_DIV = "ENABLED";
    parameter HIGHSPEED_CLK = "NONE";
    parameter GSR = "ENABLED";
    parameter CAS_MATCH_REG = "FALSE";
    parameter SOURCEB_MODE = "B_SHIFT";
    parameter MULT_BYPASS = "DISABLED";
    parameter RESETMODE = "SYNC";

    wire [17:0] a = {
        A17, A16, A15, A14, A13, A12, A11, A10, A9, A8, A7, A6, A5, A4, A3, A2, A1, A0
    };
    wire [17:0] b = {
        B17, B16, B15, B14, B13, B12, B11, B10, B9, B8, B7, B6, B5, B4, B3, B2, B1, B0
    };

    // Each operand in 19 bits, so that an unsigned one is positive.
    wire signed [18:0] a_wide = {SIGNEDA & a[17], a};
    wire signed [18:0] b_wide = {SIGNEDB & b[17], b};

    reg signed [18:0] a_reg = 19'sd0;
    reg signed [18:0] b_reg = 19'sd0;
    reg signed [37:0] product_reg = 38'sd0;
    wire signed [18:0] a_used = REG_INPUTA_CLK == "CLK0" ? a_reg : a_wide;
    wire signed [18:0] b_used = REG_INPUTB_CLK == "CLK0" ? b_reg : b_wide;
    wire signed [37:0] multiplied = a_used * b_used;
    wire signed [37:0] product = REG_OUTPUT_CLK == "CLK0" ? product_reg : multiplied;

    always @(posedge CLK0) begin
        if (RST0) begin
            a_reg <= 19'sd0;
            b_reg <= 19'sd0;
            product_reg <= 38'sd0;
        end else if (CE0) begin
            a_reg <= a_wide;
            b_reg <= b_wide;
            product_reg <= multiplied;
        end
    end

    assign {
        P35, P34, P33, P32, P31, P30, P29, P28, P27, P26, P25, P24, P23, P22, P21, P20, P19, P18, P17, P16,
        P15, P14, P13, P12, P11, P10, P9, P8, P7, P6, P5, P4, P3, P2, P1, P0
    } = product[35:0];
    assign SIGNEDP = SIGNEDA | SIGNEDB;

    function known(input [8 * 8 - 1:0] clk, input [8 * 8 - 1:0] ce, input [8 * 8 - 1:0] rst);
        known = clk == "NONE" || (clk == "CLK0" && ce == "CE0" && rst == "RST0");
    endfunction

    initial begin
        if (!known(REG_INPUTA_CLK, REG_INPUTA_CE, REG_INPUTA_RST) || !known(REG_INPUTB_CLK, REG_INPUTB_CE, REG_INPUTB_RST)
            || !known(REG_OUTPUT_CLK, REG_OUTPUT_CE, REG_OUTPUT_RST) || REG_INPUTC_CLK != "NONE" || REG_PIPELINE_CLK != "NONE"
            || RESETMODE != "SYNC") begin
            $display("%m: these registers of MULT18X18D are not modelled");
            $fatal;
        end
        if (MULT_BYPASS != "DISABLED" || HIGHSPEED_CLK != "NONE" || CAS_MATCH_REG != "FALSE") begin
            $display("%m: bypass, high-speed clock and cascade of MULT18X18D are not modelled");
            $fatal;
        end
    end

    always @(SOURCEA, SOURCEB) begin
        if (SOURCEA === 1'b1 || SOURCEB === 1'b1) begin
            $display("%m: the cascade inputs of MULT18X18D are not modelled");
            $fatal;
        end
    end
endmodule
