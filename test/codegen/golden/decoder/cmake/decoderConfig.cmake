# find_package(decoder): the library as it was compiled, target decoder::decoder.
get_filename_component(_decoder_prefix "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT EXISTS "${_decoder_prefix}/lib/libdecoder.a")
  set(decoder_FOUND FALSE)
  set(decoder_NOT_FOUND_MESSAGE "lib/libdecoder.a is missing: add_subdirectory(${_decoder_prefix} decoder) builds it from source")
  unset(_decoder_prefix)
  return()
endif()
if(NOT TARGET decoder::decoder)
  add_library(decoder::decoder STATIC IMPORTED)
  set_target_properties(decoder::decoder PROPERTIES
    IMPORTED_LOCATION "${_decoder_prefix}/lib/libdecoder.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_decoder_prefix}"
    INTERFACE_LINK_LIBRARIES "m")
endif()
# The thread pool is C++; a project in C alone has its own executor or none.
get_property(_decoder_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET ingot::pool AND "CXX" IN_LIST _decoder_languages)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${_decoder_prefix}/ingot/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${_decoder_prefix}")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
unset(_decoder_languages)
unset(_decoder_prefix)
