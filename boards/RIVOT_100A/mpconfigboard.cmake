# MicroPython board: the Rivot charger with its firmware frozen in. See README.md beside this file.
set(IDF_TARGET esp32)

# The partition table's path must be whole: it does not lie in MicroPython's tree.
configure_file(${MICROPY_BOARD_DIR}/sdkconfig.board ${CMAKE_BINARY_DIR}/sdkconfig.rivot @ONLY)

# No sdkconfig.ble: without Bluetooth program and frozen code fit into one OTA partition.
set(SDKCONFIG_DEFAULTS
    boards/sdkconfig.base
    ${SDKCONFIG_IDF_VERSION_SPECIFIC}
    ${CMAKE_BINARY_DIR}/sdkconfig.rivot
)

set(MICROPY_FROZEN_MANIFEST ${MICROPY_BOARD_DIR}/manifest.py)
