# Red Pitaya STEMlab 125-14. Pins from amaranth-boards 0.0.21 (redpitaya_125_14.py) and litex-boards 2023.12 (redpitaya.py); signals on extension connector E1. Never run.

# 125 MHz oscillator of the ADC, differential
set_property -dict { PACKAGE_PIN U18 IOSTANDARD DIFF_HSTL_I_18 } [get_ports clk_p]
set_property -dict { PACKAGE_PIN U19 IOSTANDARD DIFF_HSTL_I_18 } [get_ports clk_n]

# USB-UART cable: DIO0_P receives, DIO0_N sends
set_property -dict { PACKAGE_PIN G17 IOSTANDARD LVCMOS33 PULLTYPE PULLUP } [get_ports uart_rx]
set_property -dict { PACKAGE_PIN G18 IOSTANDARD LVCMOS33 } [get_ports uart_tx]

# DAC: DIO1_P SYNC, DIO1_N DIN, DIO2_P SCLK
set_property -dict { PACKAGE_PIN H16 IOSTANDARD LVCMOS33 } [get_ports dac_sync_n]
set_property -dict { PACKAGE_PIN H17 IOSTANDARD LVCMOS33 } [get_ports dac_data]
set_property -dict { PACKAGE_PIN J18 IOSTANDARD LVCMOS33 } [get_ports dac_sclk]

# ADC: DIO3_P CS, DIO3_N D0, DIO4_P SCLK
set_property -dict { PACKAGE_PIN K17 IOSTANDARD LVCMOS33 } [get_ports adc_cs_n]
set_property -dict { PACKAGE_PIN K18 IOSTANDARD LVCMOS33 PULLTYPE PULLDOWN } [get_ports adc_data]
set_property -dict { PACKAGE_PIN L14 IOSTANDARD LVCMOS33 } [get_ports adc_sclk]

# DIO5_P the interlock, DIO5_N the arming button, both closed to ground; DIO6_P output enable, DIO6_N trigger, DIO7_P reference
set_property -dict { PACKAGE_PIN L16 IOSTANDARD LVCMOS33 PULLTYPE PULLUP } [get_ports interlock]
set_property -dict { PACKAGE_PIN L17 IOSTANDARD LVCMOS33 PULLTYPE PULLUP } [get_ports arm_button]
set_property -dict { PACKAGE_PIN K16 IOSTANDARD LVCMOS33 } [get_ports output_enable]
set_property -dict { PACKAGE_PIN J16 IOSTANDARD LVCMOS33 } [get_ports trigger]
set_property -dict { PACKAGE_PIN M14 IOSTANDARD LVCMOS33 } [get_ports reference]

# LEDs 0, 1, 2
set_property -dict { PACKAGE_PIN F16 IOSTANDARD LVCMOS33 } [get_ports led_armed]
set_property -dict { PACKAGE_PIN F17 IOSTANDARD LVCMOS33 } [get_ports led_fault]
set_property -dict { PACKAGE_PIN G15 IOSTANDARD LVCMOS33 } [get_ports led_activity]
