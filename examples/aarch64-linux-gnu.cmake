# A toolchain file for 64-bit Arm Linux with Debian's g++-aarch64-linux-gnu:
#   cmake -S . -B build -DCMAKE_TOOLCHAIN_FILE=../aarch64-linux-gnu.cmake
# Programs are linked statically, so that qemu-aarch64 and any board run them as they are.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64)
