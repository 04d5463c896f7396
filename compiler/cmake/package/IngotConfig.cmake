# find_package(Ingot): models are compiled while a project is built. Offers the program Ingot::ingot and ingot_add_model:
#
#   find_package(Ingot REQUIRED)
#   ingot_add_model(mlp MODEL models/mlp.onnx DIMS batch=1..8)
#   target_link_libraries(program PRIVATE mlp::mlp ingot::pool)
#
# ingot_add_model(<target> MODEL <file.onnx>
#   [NAME <name>]        name of the library, its header and its functions; <target> if absent
#   [TARGETS <t>...]     instruction sets, --target; the portable one of the project's processor if absent
#   [DIMS <d=1..8>...] [SHAPES <in=1x3x?>...] [STATES <in=out:2:64>...]   --dim, --shape, --state
#   [WEIGHTS embed|file|array]
#   [OPTIONS <option>...])   anything else that 'ingot compile' takes
#
# <file.onnx> is relative to the current source folder. It may be the output of a custom command of that folder: of one before this call, or
# the file has the property GENERATED.
#
# defines <target> and its alias <name>::<name>. The model is compiled again when its file, its external data or Ingot has changed.
# The library lies in the folder that the target's property INGOT_FOLDER names; with WEIGHTS file, weights/<name>.weights is there.
# The project's C++ compiler, archiver, objcopy and sysroot compile it, also under a toolchain file.
cmake_minimum_required(VERSION 3.20...3.31) # DEPFILE for every generator

get_filename_component(Ingot_EXECUTABLE "${CMAKE_CURRENT_LIST_DIR}/../../../bin/ingot" ABSOLUTE)
if(NOT EXISTS "${Ingot_EXECUTABLE}")
  set(Ingot_FOUND FALSE)
  set(Ingot_NOT_FOUND_MESSAGE "${Ingot_EXECUTABLE} is missing; build Ingot first")
  return()
endif()

if(NOT TARGET Ingot::ingot)
  add_executable(Ingot::ingot IMPORTED GLOBAL)
  set_target_properties(Ingot::ingot PROPERTIES IMPORTED_LOCATION "${Ingot_EXECUTABLE}")
endif()

# The option list for the project's C++ compiler, where it is one that can compile the library.
function(_ingot_toolchain_options result cuda)
  set(options)
  if(cuda)
    if(CMAKE_CUDA_COMPILER)
      list(APPEND options --cxx "${CMAKE_CUDA_COMPILER}")
    endif()
  elseif(CMAKE_CXX_COMPILER AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    list(APPEND options --cxx "${CMAKE_CXX_COMPILER}")
    set(flags)
    if(CMAKE_CXX_COMPILER_TARGET AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      list(APPEND flags "--target=${CMAKE_CXX_COMPILER_TARGET}")
    endif()
    if(CMAKE_CXX_COMPILER_EXTERNAL_TOOLCHAIN AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
      list(APPEND flags "--gcc-toolchain=${CMAKE_CXX_COMPILER_EXTERNAL_TOOLCHAIN}")
    endif()
    if(flags)
      list(JOIN flags " " flags)
      list(APPEND options "--cxxflags=${flags}")
    endif()
    if(CMAKE_SYSROOT)
      list(APPEND options --sysroot "${CMAKE_SYSROOT}")
    endif()
    if(CMAKE_AR)
      list(APPEND options --ar "${CMAKE_AR}")
    endif()
    if(CMAKE_OBJCOPY)
      list(APPEND options --objcopy "${CMAKE_OBJCOPY}")
    endif()
  endif()
  set(${result} "${options}" PARENT_SCOPE)
endfunction()

# The pool of threads, which every generated library brings as a source: built once by the project.
function(_ingot_add_pool)
  if(TARGET ingot::pool OR NOT CMAKE_CXX_COMPILER)
    return()
  endif()
  get_target_property(tool Ingot::ingot IMPORTED_LOCATION)
  get_filename_component(runtime "${tool}/../../share/ingot/runtime" ABSOLUTE)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${runtime}/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${runtime}/include")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endfunction()

function(ingot_add_model target)
  cmake_parse_arguments(PARSE_ARGV 1 A "" "MODEL;NAME;WEIGHTS" "TARGETS;DIMS;SHAPES;STATES;OPTIONS")
  set(where "ingot_add_model(${target})")
  if(A_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${where}: unknown arguments: ${A_UNPARSED_ARGUMENTS}")
  endif()
  if(A_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${where}: no value behind ${A_KEYWORDS_MISSING_VALUES}")
  endif()
  if(NOT A_MODEL)
    message(FATAL_ERROR "${where}: MODEL <file.onnx> is missing")
  endif()
  if(TARGET ${target})
    message(FATAL_ERROR "${where}: there is a target of that name already")
  endif()
  set(name "${target}")
  if(A_NAME)
    set(name "${A_NAME}")
  endif()
  if(NOT name MATCHES "^[A-Za-z][A-Za-z0-9_]*$")
    message(FATAL_ERROR "${where}: '${name}' cannot name functions in C; add NAME with letters, digits and underscores")
  endif()

  set(family "")
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)")
    set(family aarch64)
  elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|x64|amd64|AMD64)$")
    set(family x86-64)
  endif()
  if(A_WEIGHTS AND NOT A_WEIGHTS MATCHES "^(embed|file|array)$")
    message(FATAL_ERROR "${where}: WEIGHTS is embed, file or array, not '${A_WEIGHTS}'")
  endif()
  set(cuda FALSE)
  foreach(t IN LISTS A_TARGETS)
    if(t STREQUAL "native")
      message(FATAL_ERROR "${where}: 'native' is no target of a library; name an instruction set")
    elseif(t MATCHES "^cuda")
      set(cuda TRUE)
    elseif(family AND t MATCHES "^(x86-64|aarch64)" AND NOT t MATCHES "^${family}")
      message(FATAL_ERROR "${where}: the target ${t} is not for the project's processor ${CMAKE_SYSTEM_PROCESSOR}")
    endif()
  endforeach()
  if(NOT A_TARGETS AND family STREQUAL "aarch64")
    set(A_TARGETS aarch64)
  elseif(NOT A_TARGETS AND CMAKE_SYSTEM_PROCESSOR AND NOT family)
    message(FATAL_ERROR "${where}: no target of Ingot's is known for the processor ${CMAKE_SYSTEM_PROCESSOR}; name one with TARGETS")
  endif()

  get_target_property(tool Ingot::ingot IMPORTED_LOCATION)
  get_filename_component(model "${A_MODEL}" ABSOLUTE)
  # A file that the build makes is not there yet.
  get_source_file_property(generated "${model}" GENERATED)
  if(NOT generated AND NOT EXISTS "${model}")
    message(FATAL_ERROR "${where}: the model ${model} does not exist. If the build makes it, put the add_custom_command that does before "
                        "this call, or mark the file: set_source_files_properties(<file> PROPERTIES GENERATED TRUE)")
  elseif(IS_DIRECTORY "${model}")
    message(FATAL_ERROR "${where}: the model ${model} is a folder; give the .onnx file in it")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/ingot/${name}")
  set(library "${folder}/lib/lib${name}.a")
  set(command "${tool}" compile "${model}" -o "${folder}" --name ${name} --quiet --depfile "${folder}.d")
  if(A_TARGETS)
    list(JOIN A_TARGETS "," targets)
    list(APPEND command --target "${targets}")
  endif()
  foreach(pair "DIMS;--dim" "SHAPES;--shape" "STATES;--state")
    list(POP_FRONT pair values)
    foreach(value IN LISTS A_${values})
      if(NOT value MATCHES "=") # a misspelt keyword, most likely
        message(FATAL_ERROR "${where}: '${value}' behind ${values} is not of the form NAME=VALUE")
      endif()
      list(APPEND command ${pair} "${value}")
    endforeach()
  endforeach()
  if(A_WEIGHTS)
    list(APPEND command --weights ${A_WEIGHTS})
  endif()
  _ingot_toolchain_options(toolchain ${cuda})
  list(APPEND command ${toolchain} ${A_OPTIONS})

  file(RELATIVE_PATH shown "${CMAKE_SOURCE_DIR}" "${model}")
  if(shown MATCHES "^\\.\\.")
    set(shown "${model}")
  endif()
  file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/ingot")
  add_custom_command(
    OUTPUT "${library}"
    BYPRODUCTS "${folder}/${name}.h" "${folder}/${name}.hpp"
    COMMAND ${command}
    DEPENDS "${model}" "${tool}"
    DEPFILE "${folder}.d"
    COMMENT "Compiling the model ${shown}"
    VERBATIM)
  add_custom_target(${target}_compile DEPENDS "${library}")

  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_compile)
  target_include_directories(${target} SYSTEM INTERFACE "${folder}")
  target_link_libraries(${target} INTERFACE "${library}")
  if(UNIX)
    target_link_libraries(${target} INTERFACE m)
  endif()
  if(cuda)
    find_package(CUDAToolkit REQUIRED)
    target_link_libraries(${target} INTERFACE CUDA::cudart_static)
  endif()
  set_target_properties(${target} PROPERTIES INGOT_FOLDER "${folder}")
  add_library(${name}::${name} ALIAS ${target})
  _ingot_add_pool()
endfunction()
