# Provides Ingot::onnx, the official onnx C++ library (protobuf types, schemas, shape inference).
#
# No distribution carries a current one, but every onnx wheel contains its complete source. The wheel is
# fetched once with pip and built once per compiler; both stay in INGOT_CACHE_DIR, so a second build folder
# or git worktree finds the result in place. Everything is made aside and renamed: builds may run at once.
include_guard(GLOBAL)
find_package(Protobuf REQUIRED)

set(INGOT_ONNX_VERSION 1.23.2)
set(INGOT_ONNX_SHA256 7abf381d278f31ac62487fddedc9dd42da842dce94d5d43536836ee3efdf4a2b)
set(INGOT_ONNX_WHEEL "" CACHE FILEPATH "An onnx ${INGOT_ONNX_VERSION} wheel to use instead of downloading one")

if(DEFINED ENV{XDG_CACHE_HOME} AND NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(ingot_default_cache "$ENV{XDG_CACHE_HOME}/ingot")
else()
  set(ingot_default_cache "$ENV{HOME}/.cache/ingot")
endif()
set(INGOT_CACHE_DIR "${ingot_default_cache}" CACHE PATH "Where built dependencies are kept between build folders")

# Moves a finished file or folder into the cache. If another build was first, its result serves.
function(ingot_publish made destination)
  file(RENAME ${made} ${destination} RESULT failed)
  if(NOT EXISTS ${destination})
    message(FATAL_ERROR "cannot move ${made} to ${destination}: ${failed}")
  endif()
endfunction()

function(ingot_fetch_onnx_wheel wheel scratch)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  message(STATUS "onnx ${INGOT_ONNX_VERSION}: downloading")
  # One fixed wheel for every machine: only its sources are used.
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -m pip download --quiet --disable-pip-version-check --no-deps
            --only-binary=:all: --python-version 3.12 --implementation cp --abi abi3
            --platform manylinux_2_28_x86_64 --dest ${scratch}/download onnx==${INGOT_ONNX_VERSION}
    RESULT_VARIABLE failed ERROR_VARIABLE log)
  file(GLOB downloaded ${scratch}/download/*.whl)
  if(failed OR NOT downloaded)
    message(FATAL_ERROR "pip could not download onnx ${INGOT_ONNX_VERSION}:\n${log}\n"
                        "Install pip, or pass -DINGOT_ONNX_WHEEL=FILE with a wheel of that version.")
  endif()
  file(SHA256 ${downloaded} actual)
  if(NOT actual STREQUAL INGOT_ONNX_SHA256)
    message(FATAL_ERROR "onnx ${INGOT_ONNX_VERSION}: the download has SHA-256 ${actual}, expected ${INGOT_ONNX_SHA256}")
  endif()
  ingot_publish(${downloaded} ${wheel})
endfunction()

function(ingot_build_onnx wheel library scratch)
  file(ARCHIVE_EXTRACT INPUT ${wheel} DESTINATION ${scratch}/package
       PATTERNS "onnx/*.h" "onnx/*.cc" "onnx/*.proto" "onnx-*.dist-info/licenses/*")
  message(STATUS "onnx ${INGOT_ONNX_VERSION}: building once, for all build folders (one to three minutes)")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/onnx -B ${scratch}/build -G ${CMAKE_GENERATOR}
            -DCMAKE_BUILD_TYPE= -DCMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER} -DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM}
            -DONNX_PACKAGE=${scratch}/package
    COMMAND_ERROR_IS_FATAL ANY OUTPUT_QUIET)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${scratch}/build --target onnx
                  RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
  if(failed)
    message(FATAL_ERROR "onnx ${INGOT_ONNX_VERSION} does not build:\n${log}")
  endif()

  file(MAKE_DIRECTORY ${scratch}/made/lib)
  file(RENAME ${scratch}/build/libonnx.a ${scratch}/made/lib/libonnx.a)
  file(COPY ${scratch}/package/onnx ${scratch}/build/generated/onnx DESTINATION ${scratch}/made/include
       FILES_MATCHING PATTERN "*.h")
  file(GLOB license ${scratch}/package/onnx-*.dist-info/licenses/*)
  if(license)
    file(COPY ${license} DESTINATION ${scratch}/made)
  endif()
  ingot_publish(${scratch}/made ${library})
endfunction()

function(ingot_add_onnx)
  set(wheel ${INGOT_CACHE_DIR}/onnx-${INGOT_ONNX_VERSION}.whl)
  set(wheel_hash ${INGOT_ONNX_SHA256})
  if(INGOT_ONNX_WHEEL)
    set(wheel ${INGOT_ONNX_WHEEL})
    file(SHA256 ${wheel} wheel_hash)
  endif()
  file(SHA256 ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/onnx/CMakeLists.txt recipe)
  string(SHA256 key "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_SYSTEM_PROCESSOR} ${Protobuf_VERSION} ${recipe} ${wheel_hash}")
  string(SUBSTRING ${key} 0 12 key)
  set(library ${INGOT_CACHE_DIR}/onnx-${INGOT_ONNX_VERSION}-${key})

  if(NOT EXISTS ${library}/lib/libonnx.a)
    file(MAKE_DIRECTORY ${INGOT_CACHE_DIR})
    file(LOCK ${INGOT_CACHE_DIR}/onnx.lock GUARD FUNCTION TIMEOUT 1800) # saves the second builder's time only
    file(GLOB abandoned ${INGOT_CACHE_DIR}/making-onnx-*) # under the lock, so nobody works there
    if(abandoned)
      file(REMOVE_RECURSE ${abandoned})
    endif()
    string(RANDOM LENGTH 8 unique)
    set(scratch ${INGOT_CACHE_DIR}/making-onnx-${unique})
    file(MAKE_DIRECTORY ${scratch})
    if(NOT EXISTS ${wheel})
      ingot_fetch_onnx_wheel(${wheel} ${scratch})
    endif()
    if(NOT EXISTS ${library}/lib/libonnx.a)
      ingot_build_onnx(${wheel} ${library} ${scratch})
    endif()
    file(REMOVE_RECURSE ${scratch})
  endif()
  message(STATUS "onnx ${INGOT_ONNX_VERSION}: ${library}")

  add_library(ingot_onnx STATIC IMPORTED GLOBAL)
  set_target_properties(ingot_onnx PROPERTIES
    IMPORTED_LOCATION ${library}/lib/libonnx.a
    INTERFACE_INCLUDE_DIRECTORIES ${library}/include
    INTERFACE_COMPILE_DEFINITIONS "ONNX_ML=1;ONNX_NAMESPACE=onnx;ONNX_USE_LITE_PROTO=0"
    INTERFACE_LINK_LIBRARIES protobuf::libprotobuf)
  add_library(Ingot::onnx ALIAS ingot_onnx)
endfunction()

ingot_add_onnx()
