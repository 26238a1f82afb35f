// NCO and lock-in with registers at all pins, for their clock alone.
module engine (
    input wire clock,
    input wire valid, restart, gate, start_write, start_code, tuning_write, first, selected,
    input wire [7:0] slot, start_slot, start_data, tuning_slot, read_slot,
    input wire [31:0] tuning_data,
    input wire [15:0] sample,
    output reg [47:0] in_phase, quadrature,
    output reg active, next_active
);
reg valid_0, restart_0, gate_0, start_write_0, start_code_0, tuning_write_0, first_0, selected_0;
reg [7:0] slot_0, start_slot_0, start_data_0, tuning_slot_0, read_slot_0;
reg [31:0] tuning_data_0;
reg [15:0] sample_0;
// Tags along the seven clocks of the NCO.
reg [6:0] valids;
reg [55:0] slots;
wire [15:0] sine, cosine;
wire [47:0] sum_i, sum_q;
wire active_7, active_5;

always @(posedge clock) begin
    {valid_0, restart_0, gate_0, first_0, selected_0} <= {valid, restart, gate, first, selected};
    {start_write_0, start_code_0, tuning_write_0} <= {start_write, start_code, tuning_write};
    {slot_0, start_slot_0, start_data_0} <= {slot, start_slot, start_data};
    {tuning_slot_0, tuning_data_0, read_slot_0} <= {tuning_slot, tuning_data, read_slot};
    sample_0 <= sample;
    valids <= {valids[5:0], valid_0};
    slots <= {slots[47:0], slot_0};
    in_phase <= sum_i;
    quadrature <= sum_q;
    active <= active_7;
    next_active <= active_5;
end

hge_nco nco (
    .clock(clock), .valid(valid_0), .slot(slot_0), .restart(restart_0), .gate(gate_0),
    .start_write(start_write_0), .start_slot(start_slot_0), .start_data(start_data_0), .start_code(start_code_0),
    .tuning_write(tuning_write_0), .tuning_slot(tuning_slot_0), .tuning_data(tuning_data_0),
    .code_write(1'b0), .code_chip(8'd0), .code_row(8'd0),
    .sine(sine), .cosine(cosine), .active(active_7), .next_active(active_5), .next_valid()
);

hge_lockin lockin (
    .clock(clock), .valid(valids[6]), .slot(slots[55:48]), .sine(sine), .cosine(cosine), .sample(sample_0),
    .first(first_0), .read_slot(read_slot_0), .selected(selected_0), .in_phase(sum_i), .quadrature(sum_q)
);
endmodule
