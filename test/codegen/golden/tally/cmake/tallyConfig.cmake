# find_package(tally): the library as it was compiled, target tally::tally.
get_filename_component(_tally_prefix "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT EXISTS "${_tally_prefix}/lib/libtally.a")
  set(tally_FOUND FALSE)
  set(tally_NOT_FOUND_MESSAGE "lib/libtally.a is missing: add_subdirectory(${_tally_prefix} tally) builds it from source")
  unset(_tally_prefix)
  return()
endif()
if(NOT TARGET tally::tally)
  add_library(tally::tally STATIC IMPORTED)
  set_target_properties(tally::tally PROPERTIES
    IMPORTED_LOCATION "${_tally_prefix}/lib/libtally.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_tally_prefix}"
    INTERFACE_LINK_LIBRARIES "m")
endif()
# The thread pool is C++; a project in C alone has its own executor or none.
get_property(_tally_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET ingot::pool AND "CXX" IN_LIST _tally_languages)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${_tally_prefix}/ingot/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${_tally_prefix}")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
unset(_tally_languages)
unset(_tally_prefix)
