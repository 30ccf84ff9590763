# The layers: folder = target = namespace. This table is the only place that says which layer may use which:
# CMake links by it, and the test tidy.layers checks every #include against it.
#
# SYNCLINE_LAYERS            every layer, lowest first
# SYNCLINE_USES_<layer>      the layers it may include, besides base and whatever those may include
# SYNCLINE_FOLDER_<layer>    its folder
# SYNCLINE_PUBLIC_<layer>    the public headers (include/syncline/NAME.hpp) that belong to it

set(SYNCLINE_LAYERS
  base encoding schema crdt object access bus storage room transport sync hub
  adapters_asio adapters_sqlite simulation syncline)

set(SYNCLINE_USES_base "")
set(SYNCLINE_USES_encoding base)
set(SYNCLINE_USES_schema encoding)
set(SYNCLINE_USES_crdt encoding)
set(SYNCLINE_USES_object crdt schema)
set(SYNCLINE_USES_access crdt)
set(SYNCLINE_USES_bus encoding)
set(SYNCLINE_USES_storage base)
set(SYNCLINE_USES_room object access storage bus)
set(SYNCLINE_USES_transport base)
set(SYNCLINE_USES_sync room transport)
set(SYNCLINE_USES_hub sync)
set(SYNCLINE_USES_adapters_asio transport)
set(SYNCLINE_USES_adapters_sqlite storage)
set(SYNCLINE_USES_simulation transport storage)
set(SYNCLINE_USES_syncline hub adapters_asio adapters_sqlite)

foreach(layer IN LISTS SYNCLINE_LAYERS)
  string(REPLACE "adapters_" "adapters/" folder ${layer})
  set(SYNCLINE_FOLDER_${layer} src/${folder})
  set(SYNCLINE_PUBLIC_${layer} "")
endforeach()
set(SYNCLINE_PUBLIC_base error handle)
set(SYNCLINE_PUBLIC_encoding value path)
set(SYNCLINE_PUBLIC_object changes conflict counter data_object set)
set(SYNCLINE_PUBLIC_syncline syncer syncline)

# syncline_layer(NAME SOURCES file... [LINK lib...] [PUBLIC_LINK lib...])
#
# Defines the target syncline::NAME of the folder this is called in. LINK: third-party libraries that no header of the
# layer shows.
function(syncline_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;PUBLIC_LINK" ${ARGN})
  set(target syncline_${name})
  if(NOT ARG_SOURCES)
    add_library(${target} INTERFACE)
    add_library(syncline::${name} ALIAS ${target})
    return()
  endif()
  add_library(${target} STATIC ${ARG_SOURCES})
  target_compile_features(${target} PUBLIC cxx_std_20)
  add_library(syncline::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(${target} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:syncline_flags> ${ARG_LINK} PUBLIC ${ARG_PUBLIC_LINK})
  foreach(used IN LISTS SYNCLINE_USES_${name})
    target_link_libraries(${target} PUBLIC syncline::${used})
  endforeach()
endfunction()
