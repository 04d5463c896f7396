# What an installation consists of: the programs, the folder that generated libraries are made from, and the package
# that offers ingot_add_model. The build tree has the same layout, so that find_package(Ingot) works there too.
include(CMakePackageConfigHelpers)
set(ingot_package ${CMAKE_SOURCE_DIR}/compiler/cmake/package)
set(built_package ${CMAKE_BINARY_DIR}/lib/cmake/Ingot)
configure_file(${ingot_package}/IngotConfig.cmake ${built_package}/IngotConfig.cmake COPYONLY)
# The package is a program and a script: it serves projects for any processor.
write_basic_package_version_file(${built_package}/IngotConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

set(ingot_programs ingot ingot-opt ingot-translate ingot-lsp-server ingot-reduce)
set_target_properties(${ingot_programs} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib" INSTALL_RPATH_USE_LINK_PATH ON)
# RPATH, not RUNPATH: the libraries that an archive brings find each other by it.
foreach(program ${ingot_programs})
  target_link_options(${program} PRIVATE -Wl,--disable-new-dtags)
endforeach()
install(TARGETS ${ingot_programs} RUNTIME DESTINATION bin COMPONENT ingot)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/runtime/ DESTINATION share/ingot/runtime COMPONENT ingot)
install(FILES ${built_package}/IngotConfig.cmake ${built_package}/IngotConfigVersion.cmake DESTINATION lib/cmake/Ingot COMPONENT ingot)

# 'make dist': an archive that runs where MLIR is not installed. What is bundled is no part of a plain installation.
install(CODE "set(programs \"${ingot_programs}\")
set(bin \"${CMAKE_RUNTIME_OUTPUT_DIRECTORY}\")
set(onnx \"$<TARGET_FILE:ingot_onnx>\")" COMPONENT bundle EXCLUDE_FROM_ALL)
install(SCRIPT ${ingot_package}/Bundle.cmake COMPONENT bundle EXCLUDE_FROM_ALL)

string(TOLOWER ${CMAKE_SYSTEM_NAME} ingot_system)
set(ingot_archive ingot-${PROJECT_VERSION}-${ingot_system}-${CMAKE_SYSTEM_PROCESSOR})
configure_file(${ingot_package}/Archive.cmake.in ${CMAKE_BINARY_DIR}/Archive.cmake @ONLY)
add_custom_target(dist
  COMMAND ${CMAKE_COMMAND} -P ${CMAKE_BINARY_DIR}/Archive.cmake
  DEPENDS ${ingot_programs} USES_TERMINAL VERBATIM COMMENT "Packing an archive that runs without MLIR")
