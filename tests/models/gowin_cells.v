// Simulation models of Gowin's multiplier MULT18X18 and of its block RAMs of 2048 bytes with a ninth bit: SPX9 (one port), SDPX9B (port A
// writes, port B reads) and DPX9B (both do).
//
// Modelled: widths of 9, 18 and 36 bits, clock enables, byte enables in the low bits of the address at 18 and 36 bits, the write modes
// 0 (the output holds), 1 (written word) and 2 (word before), initial contents. Both ports have one clock. An output starts at zero.
// A word written and read by different ports at one edge reads as the complement of its old contents, so that a netlist that depends
// on it goes wrong.
// Not modelled, and refused with $fatal: output registers (READ_MODE), block selects, resets, two clocks; registers and cascades of the
// multiplier.
// Yosys has black boxes alone.

`timescale 1ns / 1ps

`define HGE_GOWIN_INIT \
    parameter [287:0] INIT_RAM_00 = 288'd0; \
    parameter [287:0] INIT_RAM_01 = 288'd0; \
    parameter [287:0] INIT_RAM_02 = 288'd0; \
    parameter [287:0] INIT_RAM_03 = 288'd0; \
    parameter [287:0] INIT_RAM_04 = 288'd0; \
    parameter [287:0] INIT_RAM_05 = 288'd0; \
    parameter [287:0] INIT_RAM_06 = 288'd0; \
    parameter [287:0] INIT_RAM_07 = 288'd0; \
    parameter [287:0] INIT_RAM_08 = 288'd0; \
    parameter [287:0] INIT_RAM_09 = 288'd0; \
    parameter [287:0] INIT_RAM_0A = 288'd0; \
    parameter [287:0] INIT_RAM_0B = 288'd0; \
    parameter [287:0] INIT_RAM_0C = 288'd0; \
    parameter [287:0] INIT_RAM_0D = 288'd0; \
    parameter [287:0] INIT_RAM_0E = 288'd0; \
    parameter [287:0] INIT_RAM_0F = 288'd0; \
    parameter [287:0] INIT_RAM_10 = 288'd0; \
    parameter [287:0] INIT_RAM_11 = 288'd0; \
    parameter [287:0] INIT_RAM_12 = 288'd0; \
    parameter [287:0] INIT_RAM_13 = 288'd0; \
    parameter [287:0] INIT_RAM_14 = 288'd0; \
    parameter [287:0] INIT_RAM_15 = 288'd0; \
    parameter [287:0] INIT_RAM_16 = 288'd0; \
    parameter [287:0] INIT_RAM_17 = 288'd0; \
    parameter [287:0] INIT_RAM_18 = 288'd0; \
    parameter [287:0] INIT_RAM_19 = 288'd0; \
    parameter [287:0] INIT_RAM_1A = 288'd0; \
    parameter [287:0] INIT_RAM_1B = 288'd0; \
    parameter [287:0] INIT_RAM_1C = 288'd0; \
    parameter [287:0] INIT_RAM_1D = 288'd0; \
    parameter [287:0] INIT_RAM_1E = 288'd0; \
    parameter [287:0] INIT_RAM_1F = 288'd0; \
    parameter [287:0] INIT_RAM_20 = 288'd0; \
    parameter [287:0] INIT_RAM_21 = 288'd0; \
    parameter [287:0] INIT_RAM_22 = 288'd0; \
    parameter [287:0] INIT_RAM_23 = 288'd0; \
    parameter [287:0] INIT_RAM_24 = 288'd0; \
    parameter [287:0] INIT_RAM_25 = 288'd0; \
    parameter [287:0] INIT_RAM_26 = 288'd0; \
    parameter [287:0] INIT_RAM_27 = 288'd0; \
    parameter [287:0] INIT_RAM_28 = 288'd0; \
    parameter [287:0] INIT_RAM_29 = 288'd0; \
    parameter [287:0] INIT_RAM_2A = 288'd0; \
    parameter [287:0] INIT_RAM_2B = 288'd0; \
    parameter [287:0] INIT_RAM_2C = 288'd0; \
    parameter [287:0] INIT_RAM_2D = 288'd0; \
    parameter [287:0] INIT_RAM_2E = 288'd0; \
    parameter [287:0] INIT_RAM_2F = 288'd0; \
    parameter [287:0] INIT_RAM_30 = 288'd0; \
    parameter [287:0] INIT_RAM_31 = 288'd0; \
    parameter [287:0] INIT_RAM_32 = 288'd0; \
    parameter [287:0] INIT_RAM_33 = 288'd0; \
    parameter [287:0] INIT_RAM_34 = 288'd0; \
    parameter [287:0] INIT_RAM_35 = 288'd0; \
    parameter [287:0] INIT_RAM_36 = 288'd0; \
    parameter [287:0] INIT_RAM_37 = 288'd0; \
    parameter [287:0] INIT_RAM_38 = 288'd0; \
    parameter [287:0] INIT_RAM_39 = 288'd0; \
    parameter [287:0] INIT_RAM_3A = 288'd0; \
    parameter [287:0] INIT_RAM_3B = 288'd0; \
    parameter [287:0] INIT_RAM_3C = 288'd0; \
    parameter [287:0] INIT_RAM_3D = 288'd0; \
    parameter [287:0] INIT_RAM_3E = 288'd0; \
    parameter [287:0] INIT_RAM_3F = 288'd0;

`define HGE_GOWIN_CONTENTS { \
    INIT_RAM_3F, INIT_RAM_3E, INIT_RAM_3D, INIT_RAM_3C, \
    INIT_RAM_3B, INIT_RAM_3A, INIT_RAM_39, INIT_RAM_38, \
    INIT_RAM_37, INIT_RAM_36, INIT_RAM_35, INIT_RAM_34, \
    INIT_RAM_33, INIT_RAM_32, INIT_RAM_31, INIT_RAM_30, \
    INIT_RAM_2F, INIT_RAM_2E, INIT_RAM_2D, INIT_RAM_2C, \
    INIT_RAM_2B, INIT_RAM_2A, INIT_RAM_29, INIT_RAM_28, \
    INIT_RAM_27, INIT_RAM_26, INIT_RAM_25, INIT_RAM_24, \
    INIT_RAM_23, INIT_RAM_22, INIT_RAM_21, INIT_RAM_20, \
    INIT_RAM_1F, INIT_RAM_1E, INIT_RAM_1D, INIT_RAM_1C, \
    INIT_RAM_1B, INIT_RAM_1A, INIT_RAM_19, INIT_RAM_18, \
    INIT_RAM_17, INIT_RAM_16, INIT_RAM_15, INIT_RAM_14, \
    INIT_RAM_13, INIT_RAM_12, INIT_RAM_11, INIT_RAM_10, \
    INIT_RAM_0F, INIT_RAM_0E, INIT_RAM_0D, INIT_RAM_0C, \
    INIT_RAM_0B, INIT_RAM_0A, INIT_RAM_09, INIT_RAM_08, \
    INIT_RAM_07, INIT_RAM_06, INIT_RAM_05, INIT_RAM_04, \
    INIT_RAM_03, INIT_RAM_02, INIT_RAM_01, INIT_RAM_00 \
    }

module hge_gowin_bytes #(
    parameter WIDTH_A = 9,
    parameter WIDTH_B = 9,
    parameter MODE_A = 0,
    parameter MODE_B = 0,
    parameter [64 * 288 - 1:0] CONTENTS = 0
) (
    input clock_a, clock_b, enable_a, enable_b, write_a, write_b, refused,
    input [13:0] address_a, address_b,
    input [35:0] data_a, data_b,
    output reg [35:0] word_a, word_b
);
    reg [8:0] bytes [0:2047];

    integer index;
    initial begin
        for (index = 0; index < 2048; index = index + 1) bytes[index] = CONTENTS[9 * index +: 9];
        word_a = 0;
        word_b = 0;
    end

    // Number of the first of four bytes, of which an access has one, two or all.
    function [10:0] row(input [13:0] address);
        row = {address[13:5], 2'b00};
    endfunction

    // Which of the four.
    function [3:0] lanes(input integer width, input [13:0] address);
        case (width)
            9: lanes = 4'b0001 << address[4:3];
            18: lanes = 4'b0011 << {address[4], 1'b0};
            default: lanes = 4'b1111;
        endcase
    endfunction

    function [3:0] enables(input integer width, input [13:0] address);
        case (width)
            9: enables = lanes(width, address);
            18: enables = {2'b00, address[1:0]} << {address[4], 1'b0};
            default: enables = address[3:0];
        endcase
    endfunction

    function [5:0] place(input integer width, input [13:0] address);
        case (width)
            9: place = 9 * address[4:3];
            18: place = 18 * address[4];
            default: place = 0;
        endcase
    endfunction

    function [35:0] four(input [10:0] first);
        four = {bytes[first + 3], bytes[first + 2], bytes[first + 1], bytes[first]};
    endfunction

    function [35:0] spread(input [3:0] which);
        spread = {{9{which[3]}}, {9{which[2]}}, {9{which[1]}}, {9{which[0]}}};
    endfunction

    function [35:0] cut(input integer width, input [13:0] address, input [35:0] words);
        cut = (words >> place(width, address)) & ((37'd1 << width) - 37'd1);
    endfunction

    reg [35:0] old_a, old_b, mask_a, mask_b, new_a, new_b;
    integer lane;
    always @(posedge clock_a) begin
        if (refused || !clock_b) begin
            $display("%m: a reset, a block select, an output register or two clocks are not modelled");
            $fatal;
        end
        old_a = four(row(address_a));
        old_b = four(row(address_b));
        mask_a = enable_a && write_a ? spread(enables(WIDTH_A, address_a)) : 36'd0;
        mask_b = enable_b && write_b ? spread(enables(WIDTH_B, address_b)) : 36'd0;
        new_a = (old_a & ~mask_a) | ((data_a << place(WIDTH_A, address_a)) & mask_a);
        new_b = (old_b & ~mask_b) | ((data_b << place(WIDTH_B, address_b)) & mask_b);
        for (lane = 0; lane < 4; lane = lane + 1) begin
            if (mask_a[9 * lane]) bytes[row(address_a) + lane] <= new_a[9 * lane +: 9];
            if (mask_b[9 * lane]) bytes[row(address_b) + lane] <= new_b[9 * lane +: 9];
        end
        if (row(address_a) == row(address_b)) begin
            old_a = old_a ^ mask_b;
            old_b = old_b ^ mask_a;
        end
        if (enable_a && !(write_a && MODE_A == 0)) word_a <= cut(WIDTH_A, address_a, write_a && MODE_A == 1 ? new_a : old_a);
        if (enable_b && !(write_b && MODE_B == 0)) word_b <= cut(WIDTH_B, address_b, write_b && MODE_B == 1 ? new_b : old_b);
    end
endmodule

module SPX9 (
    output [35:0] DO,
    input [35:0] DI,
    input [2:0] BLKSEL,
    input [13:0] AD,
    input WRE, CLK, CE, OCE, RESET
);
    parameter READ_MODE = 1'b0;
    parameter WRITE_MODE = 2'b00;
    parameter BIT_WIDTH = 36;
    parameter BLK_SEL = 3'b000;
    parameter RESET_MODE = "SYNC";
    `HGE_GOWIN_INIT
    hge_gowin_bytes #(
        .WIDTH_A(BIT_WIDTH), .WIDTH_B(9), .MODE_A(WRITE_MODE), .MODE_B(0), .CONTENTS(`HGE_GOWIN_CONTENTS)
    ) memory (
        .clock_a(CLK), .clock_b(CLK), .enable_a(CE), .enable_b(1'b0), .write_a(WRE), .write_b(1'b0),
        .refused(RESET || BLKSEL != BLK_SEL || READ_MODE != 0),
        .address_a(AD), .address_b(14'd0), .data_a(DI), .data_b(36'd0), .word_a(DO), .word_b()
    );
endmodule

module SDPX9B (
    output [35:0] DO,
    input [35:0] DI,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input CLKA, CLKB, CEA, CEB, OCE, RESETA, RESETB
);
    parameter READ_MODE = 1'b0;
    parameter BIT_WIDTH_0 = 36;
    parameter BIT_WIDTH_1 = 36;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    `HGE_GOWIN_INIT
    hge_gowin_bytes #(
        .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .MODE_A(0), .MODE_B(0), .CONTENTS(`HGE_GOWIN_CONTENTS)
    ) memory (
        .clock_a(CLKA), .clock_b(CLKB), .enable_a(CEA), .enable_b(CEB), .write_a(1'b1), .write_b(1'b0),
        .refused(RESETA || RESETB || BLKSELA != BLK_SEL_0 || BLKSELB != BLK_SEL_1 || READ_MODE != 0),
        .address_a(ADA), .address_b(ADB), .data_a(DI), .data_b(36'd0), .word_a(), .word_b(DO)
    );
endmodule

module DPX9B (
    output [17:0] DOA, DOB,
    input [17:0] DIA, DIB,
    input [2:0] BLKSELA, BLKSELB,
    input [13:0] ADA, ADB,
    input WREA, WREB, CLKA, CLKB, CEA, CEB, OCEA, OCEB, RESETA, RESETB
);
    parameter READ_MODE0 = 1'b0;
    parameter READ_MODE1 = 1'b0;
    parameter WRITE_MODE0 = 2'b00;
    parameter WRITE_MODE1 = 2'b00;
    parameter BIT_WIDTH_0 = 18;
    parameter BIT_WIDTH_1 = 18;
    parameter BLK_SEL_0 = 3'b000;
    parameter BLK_SEL_1 = 3'b000;
    parameter RESET_MODE = "SYNC";
    `HGE_GOWIN_INIT
    wire [35:0] word_a, word_b;
    assign DOA = word_a[17:0];
    assign DOB = word_b[17:0];
    hge_gowin_bytes #(
        .WIDTH_A(BIT_WIDTH_0), .WIDTH_B(BIT_WIDTH_1), .MODE_A(WRITE_MODE0), .MODE_B(WRITE_MODE1),
        .CONTENTS(`HGE_GOWIN_CONTENTS)
    ) memory (
        .clock_a(CLKA), .clock_b(CLKB), .enable_a(CEA), .enable_b(CEB), .write_a(WREA), .write_b(WREB),
        .refused(RESETA || RESETB || BLKSELA != BLK_SEL_0 || BLKSELB != BLK_SEL_1 || READ_MODE0 != 0 || READ_MODE1 != 0),
        .address_a(ADA), .address_b(ADB), .data_a({18'd0, DIA}), .data_b({18'd0, DIB}), .word_a(word_a), .word_b(word_b)
    );
endmodule

module MULT18X18 (
    input [17:0] A, SIA, B, SIB,
    input ASIGN, BSIGN, ASEL, BSEL, CE, CLK, RESET,
    output [35:0] DOUT,
    output [17:0] SOA, SOB
);
    parameter AREG = 1'b0;
    parameter BREG = 1'b0;
    parameter OUT_REG = 1'b0;
    parameter PIPE_REG = 1'b0;
    parameter ASIGN_REG = 1'b0;
    parameter BSIGN_REG = 1'b0;
    parameter SOA_REG = 1'b0;
    parameter MULT_RESET_MODE = "SYNC";
    wire signed [18:0] a = {ASIGN & A[17], A};
    wire signed [18:0] b = {BSIGN & B[17], B};
    wire signed [37:0] product = a * b;
    assign DOUT = product[35:0];
    assign SOA = 18'd0;
    assign SOB = 18'd0;
    initial begin
        if (AREG || BREG || OUT_REG || PIPE_REG || ASIGN_REG || BSIGN_REG || SOA_REG) begin
            $display("%m: registers of MULT18X18 are not modelled");
            $fatal;
        end
    end
    always @(ASEL, BSEL) if (ASEL === 1'b1 || BSEL === 1'b1) begin
        $display("%m: cascades of MULT18X18 are not modelled");
        $fatal;
    end
endmodule
