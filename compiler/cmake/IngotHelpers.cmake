# ingot_tablegen(FILE.td OUT.inc ARGS... ) makes OUT.inc in the matching build folder.
function(ingot_tablegen td out)
  set(LLVM_TARGET_DEFINITIONS ${td})
  # AddMLIR's macro follows all included .td files through a depfile.
  mlir_tablegen(${out} ${ARGN} -I${CMAKE_SOURCE_DIR})
  set_property(DIRECTORY APPEND PROPERTY INGOT_TABLEGEN ${CMAKE_CURRENT_BINARY_DIR}/${out})
endfunction()

# ingot_dialect(Name name [EXTRA...]) generates ops, types and attributes of dialects/<name>/<Name>.td.
function(ingot_dialect stem name)
  set(td ${stem}.td)
  ingot_tablegen(${td} ${stem}Dialect.h.inc -gen-dialect-decls -dialect=${name})
  ingot_tablegen(${td} ${stem}Dialect.cpp.inc -gen-dialect-defs -dialect=${name})
  ingot_tablegen(${td} ${stem}Ops.h.inc -gen-op-decls -dialect=${name})
  ingot_tablegen(${td} ${stem}Ops.cpp.inc -gen-op-defs -dialect=${name})
  ingot_tablegen(${td} ${stem}Types.h.inc -gen-typedef-decls -typedefs-dialect=${name})
  ingot_tablegen(${td} ${stem}Types.cpp.inc -gen-typedef-defs -typedefs-dialect=${name})
  ingot_tablegen(${td} ${stem}Attrs.h.inc -gen-attrdef-decls -attrdefs-dialect=${name})
  ingot_tablegen(${td} ${stem}Attrs.cpp.inc -gen-attrdef-defs -attrdefs-dialect=${name})
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/docs/${name}.md
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/docs
    COMMAND ${MLIR_TABLEGEN_EXE} -gen-dialect-doc -dialect=${name} -I${MLIR_INCLUDE_DIRS} -I${CMAKE_SOURCE_DIR}
            ${CMAKE_CURRENT_SOURCE_DIR}/${td} -o ${CMAKE_BINARY_DIR}/docs/${name}.md
    DEPENDS ${td})
  ingot_headers(${name})
  add_custom_target(${name}-doc ALL DEPENDS ${CMAKE_BINARY_DIR}/docs/${name}.md)
endfunction()

# ingot_headers(name): the products of this folder become part of the target ingot-headers.
function(ingot_headers name)
  get_property(incs DIRECTORY PROPERTY INGOT_TABLEGEN)
  add_custom_target(${name}-headers DEPENDS ${incs})
  add_dependencies(ingot-headers ${name}-headers)
endfunction()

# MLIR code: no exceptions, no RTTI, and the precompiled header that goes with these options.
function(ingot_mlir_code name)
  if(NOT TARGET ingot-pch)
    add_library(ingot-pch OBJECT ${CMAKE_SOURCE_DIR}/compiler/pch/pch.cpp)
    target_compile_options(ingot-pch PRIVATE -fno-exceptions -fno-rtti)
    target_precompile_headers(ingot-pch PRIVATE ${CMAKE_SOURCE_DIR}/compiler/pch/pch.h)
    if(CMAKE_CXX_COMPILER_ID MATCHES "Clang") # lets ccache see equal headers as equal
      target_compile_options(ingot-pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
  endif()
  target_compile_options(${name} PRIVATE -fno-exceptions -fno-rtti)
  target_precompile_headers(${name} REUSE_FROM ingot-pch)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  endif()
endfunction()

# ingot_library(name SOURCES... LINK libs...) is a static library of compiler code.
function(ingot_library name)
  cmake_parse_arguments(A "EXCEPTIONS" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${A_UNPARSED_ARGUMENTS})
  add_dependencies(${name} ingot-headers)
  target_link_libraries(${name} PUBLIC ${A_LINK})
  if(A_EXCEPTIONS)
    target_compile_options(${name} PRIVATE -fexceptions)
  else()
    ingot_mlir_code(${name})
  endif()
endfunction()
