// Standard input and output, which the engine holds.

#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

static void take(void *into, size_t length) {
    if (std::fread(into, 1, length, stdin) != length) {
        std::exit(0);
    }
}

static uint32_t take_length() {
    uint8_t bytes[4];
    take(bytes, 4);
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<uint32_t>(bytes[3]) << 24;
}

static void give_length(uint32_t length) {
    for (int place = 0; place < 32; place += 8) {
        std::fputc(length >> place & 255, stdout);
    }
}
