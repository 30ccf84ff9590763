# syncline_fuzz_replay(NAME LABEL kind LINK target...)
#
# The test fuzz.NAME: fuzz/NAME.cpp over every file of fuzz/corpus/NAME, built by any compiler.
function(syncline_fuzz_replay name)
  cmake_parse_arguments(ARG "" "LABEL" "LINK" ${ARGN})
  set(folder ${PROJECT_SOURCE_DIR}/fuzz)
  add_executable(replay_${name} ${folder}/${name}.cpp ${folder}/replay.cpp)
  target_include_directories(replay_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(replay_${name} PRIVATE syncline_flags ${ARG_LINK})
  add_test(NAME fuzz.${name} COMMAND replay_${name} ${folder}/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT 120)
endfunction()
