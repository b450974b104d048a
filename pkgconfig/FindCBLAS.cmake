# Finds a BLAS with its C interface. Installed beside the CMake package of libgan too, where the
# static library needs it.
#
# Looks at the pkg-config names cblas, blas and openblas in this order, then at what FindBLAS
# finds, and takes the first with which a call of cblas_sgemm compiles and links. `blas` stands
# before `openblas` so that on Debian the administrator's choice (update-alternatives) is kept.
#
#   CBLAS_NAME     set before: only this one, a pkg-config name, a library's name or its path
#   CBLAS_FOUND    set after
#   CBLAS_CHOICE   what was found: a pkg-config name, a library's name or paths
#   CBLAS_LDFLAGS  how to link with it
#   CBLAS_MODULE   its pkg-config name, or empty; with it
#   CBLAS_STATIC_LDFLAGS, CBLAS_STATIC_INCLUDE_DIRS  what pkg-config --static says
#   CBLAS::CBLAS   target to link with

include(CheckSourceCompiles)
include(FindPackageHandleStandardArgs)
find_package(PkgConfig QUIET)

# Sets `result` to whether a program that calls cblas_sgemm links with `libraries`.
function(cblas_check result include_dirs libraries)
    get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
    set(language CXX)
    if("C" IN_LIST languages)
        set(language C)
    endif()
    set(CMAKE_REQUIRED_INCLUDES ${include_dirs})
    set(CMAKE_REQUIRED_LIBRARIES ${libraries})
    set(CMAKE_REQUIRED_FLAGS "")
    set(CMAKE_REQUIRED_QUIET ON)
    unset(CBLAS_LINKS CACHE)
    check_source_compiles(
        ${language}
        "#include <cblas.h>
        int main(void)
        {
            const float a = 2, b = 3;
            float c = 0;
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1, &a, 1, &b, 1, 0,
                        &c, 1);
            return c == 6 ? 0 : 1;
        }"
        CBLAS_LINKS)
    set(${result} ${CBLAS_LINKS} PARENT_SCOPE)
    unset(CBLAS_LINKS CACHE)
endfunction()

if(NOT TARGET CBLAS::CBLAS)
    set(CBLAS_CHOICE "")
    set(CBLAS_MODULE "")
    set(CBLAS_LDFLAGS "")
    set(CBLAS_STATIC_LDFLAGS "")
    set(CBLAS_STATIC_INCLUDE_DIRS "")
    set(cblas_libraries "")
    set(cblas_include_dirs "")

    if(CBLAS_NAME)
        set(cblas_names ${CBLAS_NAME})
    else()
        set(cblas_names cblas blas openblas)
    endif()
    foreach(name IN LISTS cblas_names)
        if(CBLAS_CHOICE OR NOT PKG_CONFIG_FOUND OR name MATCHES "/")
            continue()
        endif()
        string(MAKE_C_IDENTIFIER "CBLAS_PC_${name}" prefix)
        pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${name})
        if(TARGET PkgConfig::${prefix})
            cblas_check(links "" PkgConfig::${prefix})
            if(links)
                set(CBLAS_CHOICE ${name})
                set(CBLAS_MODULE ${name})
                set(CBLAS_LDFLAGS ${${prefix}_LDFLAGS})
                set(CBLAS_STATIC_LDFLAGS ${${prefix}_STATIC_LDFLAGS})
                set(CBLAS_STATIC_INCLUDE_DIRS ${${prefix}_STATIC_INCLUDE_DIRS})
                set(cblas_libraries PkgConfig::${prefix})
            endif()
        endif()
    endforeach()

    if(NOT CBLAS_CHOICE)
        if(CBLAS_NAME)
            find_library(CBLAS_LIBRARY NAMES ${CBLAS_NAME})
            if(EXISTS "${CBLAS_NAME}")
                set(CBLAS_LIBRARY ${CBLAS_NAME})
            endif()
            set(cblas_candidate ${CBLAS_LIBRARY})
        else()
            find_package(BLAS QUIET)
            set(cblas_candidate ${BLAS_LINKER_FLAGS} ${BLAS_LIBRARIES})
        endif()
        find_path(CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES cblas openblas blis)
        if(cblas_candidate AND CBLAS_INCLUDE_DIR)
            cblas_check(links "${CBLAS_INCLUDE_DIR}" "${cblas_candidate}")
            if(links)
                set(CBLAS_CHOICE ${cblas_candidate})
                if(CBLAS_NAME)
                    set(CBLAS_CHOICE ${CBLAS_NAME})
                endif()
                set(CBLAS_LDFLAGS ${cblas_candidate})
                set(cblas_libraries ${cblas_candidate})
                set(cblas_include_dirs ${CBLAS_INCLUDE_DIR})
            endif()
        endif()
        mark_as_advanced(CBLAS_LIBRARY CBLAS_INCLUDE_DIR)
    endif()

    if(CBLAS_CHOICE)
        add_library(CBLAS::CBLAS INTERFACE IMPORTED GLOBAL)
        set_target_properties(
            CBLAS::CBLAS PROPERTIES INTERFACE_LINK_LIBRARIES "${cblas_libraries}"
                                    INTERFACE_INCLUDE_DIRECTORIES "${cblas_include_dirs}")
    endif()
endif()

find_package_handle_standard_args(
    CBLAS
    REQUIRED_VARS CBLAS_CHOICE
    REASON_FAILURE_MESSAGE
        "no BLAS with a cblas_sgemm that links. Install one (Debian: libopenblas-dev), or name yours with CBLAS_NAME (in libgan's own build: -DGAN_BLAS=NAME)"
)
