# find_package(mlp): the library as it was compiled, target mlp::mlp.
get_filename_component(_mlp_prefix "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT EXISTS "${_mlp_prefix}/lib/libmlp.a")
  set(mlp_FOUND FALSE)
  set(mlp_NOT_FOUND_MESSAGE "lib/libmlp.a is missing: add_subdirectory(${_mlp_prefix} mlp) builds it from source")
  unset(_mlp_prefix)
  return()
endif()
if(NOT TARGET mlp::mlp)
  add_library(mlp::mlp STATIC IMPORTED)
  set_target_properties(mlp::mlp PROPERTIES
    IMPORTED_LOCATION "${_mlp_prefix}/lib/libmlp.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_mlp_prefix}"
    INTERFACE_LINK_LIBRARIES "m")
endif()
# The thread pool is C++; a project in C alone has its own executor or none.
get_property(_mlp_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET ingot::pool AND "CXX" IN_LIST _mlp_languages)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${_mlp_prefix}/ingot/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${_mlp_prefix}")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
unset(_mlp_languages)
unset(_mlp_prefix)
