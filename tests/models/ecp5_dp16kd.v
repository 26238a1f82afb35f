// Simulation model of the ECP5 block RAM DP16KD: 1024 words of 18 bits behind two ports.
//
// Modelled: both ports at 1, 2, 4, 9, 18 or 36 bits, clock polarity, clock enable, byte enables on the low address bits at 18
// (ADx1..0) and 36 bits (ADx3..0), the write modes NORMAL (the output holds), WRITETHROUGH and READBEFOREWRITE, the reset
// of the output latch, output registers with their clock enable, initial contents. At 36 bits the port A writes {DIB, DIA} and port B reads {DOB, DOA}; each
// narrower port has its own pins. An output latch starts at zero.
// A word written and read by different ports at one edge reads as the complement of its old contents: the data sheet does not
// say what is read, so a netlist that depends on it should go wrong.
// Not modelled, and refused with $fatal: output registers of one half of 36 bits, chip selects other than low against "0b000", writes
// at 36 bits by port B, reads at 36 bits by port A, both ports writing one pair of words at an edge, INIT_DATA other than "STATIC".
// The reset is refused if it is ever high with RESETMODE "ASYNC". GSR does nothing: there is no global reset.
// Yosys has a black box alone. Its parameters of pin inversion (..MUX) are those of placed designs; only CLKxMUX is here.

`timescale 1ns / 1ps

module DP16KD (
    input DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
    DIA2, DIA1, DIA0,
    input ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input CEA, OCEA, CLKA, WEA, RSTA, CSA2, CSA1, CSA0,
    output DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
    DOA2, DOA1, DOA0,
    input DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
    DIB2, DIB1, DIB0,
    input ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input CEB, OCEB, CLKB, WEB, RSTB, CSB2, CSB1, CSB0,
    output DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
    DOB2, DOB1, DOB0
);
    parameter DATA_WIDTH_A = 18;
    parameter DATA_WIDTH_B = 18;
    parameter REGMODE_A = "NOREG";
    parameter REGMODE_B = "NOREG";
    parameter RESETMODE = "SYNC";
    parameter ASYNC_RESET_RELEASE = "SYNC";
    parameter CSDECODE_A = "0b000";
    parameter CSDECODE_B = "0b000";
    parameter WRITEMODE_A = "NORMAL";
    parameter WRITEMODE_B = "NORMAL";
    parameter CLKAMUX = "CLKA";
    parameter CLKBMUX = "CLKB";
    parameter GSR = "ENABLED";
    parameter INIT_DATA = "STATIC";
    parameter [319:0] INITVAL_00 = 320'd0;
    parameter [319:0] INITVAL_01 = 320'd0;
    parameter [319:0] INITVAL_02 = 320'd0;
    parameter [319:0] INITVAL_03 = 320'd0;
    parameter [319:0] INITVAL_04 = 320'd0;
    parameter [319:0] INITVAL_05 = 320'd0;
    parameter [319:0] INITVAL_06 = 320'd0;
    parameter [319:0] INITVAL_07 = 320'd0;
    parameter [319:0] INITVAL_08 = 320'd0;
    parameter [319:0] INITVAL_09 = 320'd0;
    parameter [319:0] INITVAL_0A = 320'd0;
    parameter [319:0] INITVAL_0B = 320'd0;
    parameter [319:0] INITVAL_0C = 320'd0;
    parameter [319:0] INITVAL_0D = 320'd0;
    parameter [319:0] INITVAL_0E = 320'd0;
    parameter [319:0] INITVAL_0F = 320'd0;
    parameter [319:0] INITVAL_10 = 320'd0;
    parameter [319:0] INITVAL_11 = 320'd0;
    parameter [319:0] INITVAL_12 = 320'd0;
    parameter [319:0] INITVAL_13 = 320'd0;
    parameter [319:0] INITVAL_14 = 320'd0;
    parameter [319:0] INITVAL_15 = 320'd0;
    parameter [319:0] INITVAL_16 = 320'd0;
    parameter [319:0] INITVAL_17 = 320'd0;
    parameter [319:0] INITVAL_18 = 320'd0;
    parameter [319:0] INITVAL_19 = 320'd0;
    parameter [319:0] INITVAL_1A = 320'd0;
    parameter [319:0] INITVAL_1B = 320'd0;
    parameter [319:0] INITVAL_1C = 320'd0;
    parameter [319:0] INITVAL_1D = 320'd0;
    parameter [319:0] INITVAL_1E = 320'd0;
    parameter [319:0] INITVAL_1F = 320'd0;
    parameter [319:0] INITVAL_20 = 320'd0;
    parameter [319:0] INITVAL_21 = 320'd0;
    parameter [319:0] INITVAL_22 = 320'd0;
    parameter [319:0] INITVAL_23 = 320'd0;
    parameter [319:0] INITVAL_24 = 320'd0;
    parameter [319:0] INITVAL_25 = 320'd0;
    parameter [319:0] INITVAL_26 = 320'd0;
    parameter [319:0] INITVAL_27 = 320'd0;
    parameter [319:0] INITVAL_28 = 320'd0;
    parameter [319:0] INITVAL_29 = 320'd0;
    parameter [319:0] INITVAL_2A = 320'd0;
    parameter [319:0] INITVAL_2B = 320'd0;
    parameter [319:0] INITVAL_2C = 320'd0;
    parameter [319:0] INITVAL_2D = 320'd0;
    parameter [319:0] INITVAL_2E = 320'd0;
    parameter [319:0] INITVAL_2F = 320'd0;
    parameter [319:0] INITVAL_30 = 320'd0;
    parameter [319:0] INITVAL_31 = 320'd0;
    parameter [319:0] INITVAL_32 = 320'd0;
    parameter [319:0] INITVAL_33 = 320'd0;
    parameter [319:0] INITVAL_34 = 320'd0;
    parameter [319:0] INITVAL_35 = 320'd0;
    parameter [319:0] INITVAL_36 = 320'd0;
    parameter [319:0] INITVAL_37 = 320'd0;
    parameter [319:0] INITVAL_38 = 320'd0;
    parameter [319:0] INITVAL_39 = 320'd0;
    parameter [319:0] INITVAL_3A = 320'd0;
    parameter [319:0] INITVAL_3B = 320'd0;
    parameter [319:0] INITVAL_3C = 320'd0;
    parameter [319:0] INITVAL_3D = 320'd0;
    parameter [319:0] INITVAL_3E = 320'd0;
    parameter [319:0] INITVAL_3F = 320'd0;

    // Contents at the start: 64 rows of 16 words, a word in the low 18 of 20 bits.
    localparam [64 * 320 - 1:0] CONTENTS = {
        INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
        INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
        INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
        INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
        INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
        INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
        INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
        INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
    };

    reg [17:0] memory [0:1023];
    reg [35:0] latch_a;
    reg [35:0] latch_b;
    reg [35:0] register_a;
    reg [35:0] register_b;
    wire [35:0] shown_a = REGMODE_A == "OUTREG" ? register_a : latch_a;
    wire [35:0] shown_b = REGMODE_B == "OUTREG" ? register_b : latch_b;

    wire [13:0] address_a = {
        ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
    };
    wire [13:0] address_b = {
        ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
    };
    wire [17:0] pins_a = {
        DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4, DIA3,
        DIA2, DIA1, DIA0
    };
    wire [17:0] pins_b = {
        DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4, DIB3,
        DIB2, DIB1, DIB0
    };
    assign {
        DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4, DOA3,
        DOA2, DOA1, DOA0
    } = DATA_WIDTH_B == 36 ? shown_b[17:0] : shown_a[17:0];
    assign {
        DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4, DOB3,
        DOB2, DOB1, DOB0
    } = DATA_WIDTH_B == 36 ? shown_b[35:18] : shown_b[17:0];

    wire clock_a = (CLKAMUX == "INV") ^ CLKA;
    wire clock_b = (CLKBMUX == "INV") ^ CLKB;

    // The first bit of a datum in the pair of words that holds it.
    function [5:0] place(input integer width, input [13:0] address);
        case (width)
            1: place = 18 * address[4] + 9 * address[3] + address[2:0];
            2: place = 18 * address[4] + 9 * address[3] + 2 * address[2:1];
            4: place = 18 * address[4] + 9 * address[3] + 4 * address[2];
            9: place = 18 * address[4] + 9 * address[3];
            18: place = 18 * address[4];
            default: place = 0;
        endcase
    endfunction

    // The bits of the pair that an access writes.
    function [35:0] mask(input integer width, input [13:0] address);
        case (width)
            18: mask = {18'd0, {9{address[1]}}, {9{address[0]}}} << place(width, address);
            36: mask = {{9{address[3]}}, {9{address[2]}}, {9{address[1]}}, {9{address[0]}}};
            default: mask = ones(width) << place(width, address);
        endcase
    endfunction

    function [35:0] ones(input integer width);
        ones = (36'd1 << width) - 36'd1;
    endfunction

    function known(input integer width);
        known = width == 1 || width == 2 || width == 4 || width == 9 || width == 18 || width == 36;
    endfunction

    function mode(input [8 * 8 - 1:0] regmode);
        mode = regmode == "NOREG" || regmode == "OUTREG";
    endfunction

    task refuse(input [8 * 40 - 1:0] what);
        begin
            $display("%m: %0s of DP16KD is not modelled", what);
            $fatal;
        end
    endtask

    integer index;
    initial begin
        for (index = 0; index < 1024; index = index + 1) begin
            memory[index] = CONTENTS[20 * index +: 18];
        end
        latch_a = 36'd0;
        latch_b = 36'd0;
        register_a = 36'd0;
        register_b = 36'd0;
        if (!known(DATA_WIDTH_A) || !known(DATA_WIDTH_B)) refuse("this data width");
        if (!mode(REGMODE_A) || !mode(REGMODE_B)) refuse("this mode of the output register");
        if (DATA_WIDTH_B == 36 && REGMODE_A != REGMODE_B) refuse("the output register of one half");
        if (CSDECODE_A != "0b000" || CSDECODE_B != "0b000") refuse("the decoding of chip selects");
        if (INIT_DATA != "STATIC") refuse("this kind of initial contents");
        if (WRITEMODE_A != "NORMAL" && WRITEMODE_A != "WRITETHROUGH" && WRITEMODE_A != "READBEFOREWRITE") begin
            refuse("this write mode");
        end
        if (WRITEMODE_B != "NORMAL" && WRITEMODE_B != "WRITETHROUGH" && WRITEMODE_B != "READBEFOREWRITE") begin
            refuse("this write mode");
        end
    end

    // The two words of a row.
    function [35:0] pair(input [8:0] row);
        pair = {memory[{row, 1'b1}], memory[{row, 1'b0}]};
    endfunction

    reg [35:0] words_a, words_b;

    // Port A.
    reg [8:0] row_a;
    reg [35:0] written_a;
    time write_time_a, read_time_a;
    initial begin
        write_time_a = {64{1'b1}};
        read_time_a = {64{1'b1}};
    end

    function [35:0] latched_a(input [35:0] words);
        latched_a = (words >> place(DATA_WIDTH_A, address_a)) & ones(DATA_WIDTH_A);
    endfunction

    always @(posedge clock_a) begin
        if (CEA) begin
            row_a = address_a[13:5];
            if (WEA) begin
                written_a = mask(DATA_WIDTH_A, address_a);
                write_time_a = $time;
                words_a = (pair(row_a) & ~written_a)
                    | (({pins_b, pins_a} << place(DATA_WIDTH_A, address_a)) & written_a);
                if (written_a[17:0] != 0) memory[{row_a, 1'b0}] <= words_a[17:0];
                if (written_a[35:18] != 0) memory[{row_a, 1'b1}] <= words_a[35:18];
                if (write_time_b == $time && row_b == row_a) refuse("writing by both ports at once");
                // The other port has read this word at this edge.
                if (read_time_b == $time && row_b == row_a) begin
                    latch_b <= latched_b(pair(row_a) ^ written_a);
                end
            end
            if (!WEA || WRITEMODE_A != "NORMAL") begin
                if (DATA_WIDTH_A == 36) refuse("a 36-bit read by port A");
                read_time_a = $time;
                words_a = WEA && WRITEMODE_A == "WRITETHROUGH" ? words_a : pair(row_a);
                if (write_time_b == $time && row_b == row_a) words_a = words_a ^ written_b;
                latch_a <= latched_a(words_a);
            end
        end
        if (OCEA) register_a <= latch_a;
        if (RSTA) begin
            latch_a <= 36'd0;
            register_a <= 36'd0;
        end
    end

    // Port B.
    reg [8:0] row_b;
    reg [35:0] written_b;
    time write_time_b, read_time_b;
    initial begin
        write_time_b = {64{1'b1}};
        read_time_b = {64{1'b1}};
    end

    function [35:0] latched_b(input [35:0] words);
        latched_b = (words >> place(DATA_WIDTH_B, address_b)) & ones(DATA_WIDTH_B);
    endfunction

    always @(posedge clock_b) begin
        if (CEB) begin
            row_b = address_b[13:5];
            if (WEB) begin
                if (DATA_WIDTH_B == 36) refuse("a 36-bit access by this port");
                written_b = mask(DATA_WIDTH_B, address_b);
                write_time_b = $time;
                words_b = (pair(row_b) & ~written_b)
                    | (({18'd0, pins_b} << place(DATA_WIDTH_B, address_b)) & written_b);
                if (written_b[17:0] != 0) memory[{row_b, 1'b0}] <= words_b[17:0];
                if (written_b[35:18] != 0) memory[{row_b, 1'b1}] <= words_b[35:18];
                if (write_time_a == $time && row_a == row_b) refuse("writing by both ports at once");
                // The other port has read this word at this edge.
                if (read_time_a == $time && row_a == row_b) begin
                    latch_a <= latched_a(pair(row_b) ^ written_b);
                end
            end
            if (!WEB || WRITEMODE_B != "NORMAL") begin
                read_time_b = $time;
                words_b = WEB && WRITEMODE_B == "WRITETHROUGH" ? words_b : pair(row_b);
                if (write_time_a == $time && row_a == row_b) words_b = words_b ^ written_a;
                latch_b <= latched_b(words_b);
            end
        end
        if (OCEB) register_b <= latch_b;
        if (RSTB) begin
            latch_b <= 36'd0;
            register_b <= 36'd0;
        end
    end

    wire selects = CSA2 | CSA1 | CSA0 | CSB2 | CSB1 | CSB0;
    always @(selects, RSTA, RSTB) begin
        if (selects === 1'b1) refuse("a chip select");
        if (RESETMODE != "SYNC" && (RSTA === 1'b1 || RSTB === 1'b1)) refuse("the asynchronous reset");
    end
endmodule
