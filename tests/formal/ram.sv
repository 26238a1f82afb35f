// Memory: a word is what was written to its address last, unless it is written while it is read.
//
// Stands in the emitted memory. Other proofs cut memories and assume this.

    (* anyconst *) wire [`ADDRESS_BITS - 1:0] fv_address;
    reg [`WORD_BITS - 1:0] fv_word = 0;
    reg fv_reads = 1'b0;
    reg [`WORD_BITS - 1:0] fv_expected = 0;
    always @(posedge clock) begin
        fv_reads <= read_address == fv_address && !(write_enable && write_address == fv_address);
        fv_expected <= fv_word;
        if (write_enable && write_address == fv_address) begin
            fv_word <= write_data;
        end
    end
    always @(posedge clock) begin
        memory_holds: assert (mem[fv_address] == fv_word);
        if (fv_reads) begin
            word_is_the_last_written: assert (read_data == fv_expected);
            cover (read_data != 0);
        end
    end
