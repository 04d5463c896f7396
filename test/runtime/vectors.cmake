# The runtime headers' tests, once per instruction set. They are programs of their own flags, so each test case is
# listed from its source instead of by running the program: the machine may lack the instructions, or be another one.

find_package(GTest QUIET)
include(CheckCXXSourceRuns)
foreach(level v3 v4)
  check_cxx_source_runs("int main() { return __builtin_cpu_supports(\"x86-64-${level}\") ? 0 : 1; }"
                        INGOT_RUNS_X86_64_${level})
endforeach()

set(warnings -Wall -Wextra -pedantic)

# Adds test `<isa>.<Suite>.<case>` for each TEST of a source; ARGN is the command.
function(ingot_list_tests isa source runs)
  file(STRINGS ${source} lines REGEX "^TEST\\(")
  foreach(line ${lines})
    string(REGEX REPLACE "TEST\\(([A-Za-z]+), ([A-Za-z0-9_]+)\\).*" "\\1.\\2" case "${line}")
    add_test(NAME ${isa}.${case} COMMAND ${ARGN} --gtest_filter=${case})
    set_tests_properties(${isa}.${case} PROPERTIES LABELS unit)
  if(NOT runs)
      set_tests_properties(${isa}.${case} PROPERTIES DISABLED TRUE) # reported as not run
    endif()
  endforeach()
endfunction()

function(ingot_runtime_test isa source runs)
  get_filename_component(stem ${source} NAME_WE)
  set(program ${stem}_${isa})
  add_executable(${program} ${source})
  set_target_properties(${program} PROPERTIES CXX_STANDARD 17 POSITION_INDEPENDENT_CODE OFF)
  target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/runtime)
  target_compile_options(${program} PRIVATE -O2 ${warnings} -ffp-contract=off ${ARGN})
  if(GTest_FOUND)
    target_compile_definitions(${program} PRIVATE INGOT_HAS_GTEST)
    target_link_libraries(${program} PRIVATE GTest::gtest_main)
  endif()
  ingot_list_tests(${isa} ${source} ${runs} ${program})
endfunction()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  ingot_runtime_test(scalar simd_test.cpp TRUE -march=x86-64 [[-DINGOT_SIMD_HEADER="simd/scalar.h"]])
  ingot_runtime_test(scalar scalar_test.cpp TRUE -march=x86-64)
  foreach(level v3 v4)
    ingot_runtime_test(x86_64_${level} simd_test.cpp "${INGOT_RUNS_X86_64_${level}}" -march=x86-64-${level}
                       "-DINGOT_SIMD_HEADER=\"simd/x86_64_${level}.h\"")
    ingot_runtime_test(x86_64_${level} scalar_test.cpp "${INGOT_RUNS_X86_64_${level}}" -march=x86-64-${level})
  endforeach()
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  ingot_runtime_test(aarch64 simd_test.cpp TRUE [[-DINGOT_SIMD_HEADER="simd/aarch64.h"]])
  ingot_runtime_test(aarch64 scalar_test.cpp TRUE)
endif()

# AArch64 from another machine: static programs under the emulator, without GoogleTest.
find_program(INGOT_AARCH64_CXX aarch64-linux-gnu-g++)
find_program(INGOT_QEMU_AARCH64 qemu-aarch64)
if(INGOT_AARCH64_CXX AND INGOT_QEMU_AARCH64 AND NOT CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  file(GLOB headers ${PROJECT_SOURCE_DIR}/runtime/*.h ${PROJECT_SOURCE_DIR}/runtime/simd/*.h)
  foreach(stem simd_test scalar_test)
    set(program ${CMAKE_CURRENT_BINARY_DIR}/${stem}_aarch64)
    add_custom_command(OUTPUT ${program}
      COMMAND ${INGOT_AARCH64_CXX} -std=c++17 -O2 -static ${warnings} -ffp-contract=off
              "-DINGOT_SIMD_HEADER=\"simd/aarch64.h\"" -I ${PROJECT_SOURCE_DIR}/runtime
              ${CMAKE_CURRENT_SOURCE_DIR}/${stem}.cpp -o ${program}
      DEPENDS ${stem}.cpp tiny_test.h ${headers}
      COMMENT "Cross-compiling ${stem} for aarch64" VERBATIM)
    add_custom_target(${stem}_aarch64_build ALL DEPENDS ${program})
    ingot_list_tests(aarch64 ${stem}.cpp TRUE ${INGOT_QEMU_AARCH64} ${program})
  endforeach()
endif()
