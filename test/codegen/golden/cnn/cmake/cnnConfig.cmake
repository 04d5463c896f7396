# find_package(cnn): the library as it was compiled, target cnn::cnn.
get_filename_component(_cnn_prefix "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
if(NOT EXISTS "${_cnn_prefix}/lib/libcnn.a")
  set(cnn_FOUND FALSE)
  set(cnn_NOT_FOUND_MESSAGE "lib/libcnn.a is missing: add_subdirectory(${_cnn_prefix} cnn) builds it from source")
  unset(_cnn_prefix)
  return()
endif()
if(NOT TARGET cnn::cnn)
  add_library(cnn::cnn STATIC IMPORTED)
  set_target_properties(cnn::cnn PROPERTIES
    IMPORTED_LOCATION "${_cnn_prefix}/lib/libcnn.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_cnn_prefix}"
    INTERFACE_LINK_LIBRARIES "m")
endif()
# The thread pool is C++; a project in C alone has its own executor or none.
get_property(_cnn_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if(NOT TARGET ingot::pool AND "CXX" IN_LIST _cnn_languages)
  find_package(Threads REQUIRED)
  add_library(ingot_pool STATIC EXCLUDE_FROM_ALL "${_cnn_prefix}/ingot/pool.cpp")
  add_library(ingot::pool ALIAS ingot_pool)
  target_include_directories(ingot_pool PUBLIC "${_cnn_prefix}")
  target_compile_features(ingot_pool PUBLIC cxx_std_17)
  target_link_libraries(ingot_pool PUBLIC Threads::Threads)
endif()
unset(_cnn_languages)
unset(_cnn_prefix)
