// What of MicroPython the charger is built with; everything else is the ESP32 port's default.
#define MICROPY_HW_BOARD_NAME "Rivot 100 A charger"
#define MICROPY_HW_MCU_NAME "ESP32"

// Not used, and large.
#define MICROPY_PY_BLUETOOTH (0)
#define MICROPY_PY_ESPNOW (0)
