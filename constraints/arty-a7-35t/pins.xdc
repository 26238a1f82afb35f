# Digilent Arty A7-35T. Pins from amaranth-boards 0.0.21 (arty_a7.py). Never run.

# 100 MHz oscillator
set_property -dict { PACKAGE_PIN E3 IOSTANDARD LVCMOS33 } [get_ports clk]

# FT2232H, channel B
set_property -dict { PACKAGE_PIN A9 IOSTANDARD LVCMOS33 PULLTYPE PULLUP } [get_ports uart_rx]
set_property -dict { PACKAGE_PIN D10 IOSTANDARD LVCMOS33 } [get_ports uart_tx]

# Pmod JA, upper row: DAC (Pmod DA4). 1 SYNC, 2 DIN, 3 not connected, 4 SCLK
set_property -dict { PACKAGE_PIN G13 IOSTANDARD LVCMOS33 } [get_ports dac_sync_n]
set_property -dict { PACKAGE_PIN B11 IOSTANDARD LVCMOS33 } [get_ports dac_data]
set_property -dict { PACKAGE_PIN D12 IOSTANDARD LVCMOS33 } [get_ports dac_sclk]

# Pmod JD, upper row: ADC (Pmod AD1). 1 CS, 2 D0, 3 D1 (its second ADC, not used), 4 SCLK
set_property -dict { PACKAGE_PIN D4 IOSTANDARD LVCMOS33 } [get_ports adc_cs_n]
set_property -dict { PACKAGE_PIN D3 IOSTANDARD LVCMOS33 PULLTYPE PULLDOWN } [get_ports adc_data]
set_property -dict { PACKAGE_PIN F3 IOSTANDARD LVCMOS33 } [get_ports adc_sclk]

# Pmod JB: 1 output enable, 2 trigger, 3 reference, 7 the interlock, closed to ground at pin 11
set_property -dict { PACKAGE_PIN E15 IOSTANDARD LVCMOS33 } [get_ports output_enable]
set_property -dict { PACKAGE_PIN E16 IOSTANDARD LVCMOS33 } [get_ports trigger]
set_property -dict { PACKAGE_PIN D15 IOSTANDARD LVCMOS33 } [get_ports reference]
set_property -dict { PACKAGE_PIN J17 IOSTANDARD LVCMOS33 PULLTYPE PULLUP } [get_ports interlock]

# Button BTN0 (closes to 3.3 V); LEDs LD4, LD5, LD6
set_property -dict { PACKAGE_PIN D9 IOSTANDARD LVCMOS33 } [get_ports arm_button]
set_property -dict { PACKAGE_PIN H5 IOSTANDARD LVCMOS33 } [get_ports led_armed]
set_property -dict { PACKAGE_PIN J5 IOSTANDARD LVCMOS33 } [get_ports led_fault]
set_property -dict { PACKAGE_PIN T9 IOSTANDARD LVCMOS33 } [get_ports led_activity]
