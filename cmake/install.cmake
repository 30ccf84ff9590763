# `cmake --install`: the command, the public headers, the libraries and a package for find_package(Syncline).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(targets "")
foreach(layer IN LISTS SYNCLINE_LAYERS)
  if(NOT layer STREQUAL "simulation")
    list(APPEND targets syncline_${layer})
  endif()
endforeach()
install(TARGETS ${targets} EXPORT SynclineTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS syncline_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/syncline DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/Syncline)
install(EXPORT SynclineTargets NAMESPACE syncline:: DESTINATION ${package_dir})
configure_package_config_file(cmake/SynclineConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/SynclineConfig.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/SynclineConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/SynclineConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/SynclineConfigVersion.cmake DESTINATION ${package_dir})
