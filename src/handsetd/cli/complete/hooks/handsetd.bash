# Offers what handsetd itself knows: phones, and the keys and values of the verb on the line. Returns 1 where
# that is nothing.
_handsetd_ask() {
    # Bash splits words at these characters, and replaces only what follows the last one.
    local words=() word i line=${COMP_LINE:0:COMP_POINT}
    for ((i = 1; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)) && [[ -z $word && $line == *[[:blank:]] ]]; then
            words+=("")
        elif ((${#words[@]})) && [[ $word == [=:]* || ${words[${#words[@]} - 1]} == *[=:] ]]; then
            words[${#words[@]} - 1]+=$word
        else
            words+=("$word")
        fi
    done
    local last=${words[${#words[@]} - 1]-} kept=""
    case $last in
        [\'\"]*)
            # Within quotes it does not split.
            words[${#words[@]} - 1]=${last:1}
            ;;
        *) kept=${last%"${last##*[=:]}"} ;;
    esac

    local answer
    answer=$("$1" complete -- "${words[@]}" 2>/dev/null </dev/null)
    case $? in
        0) compopt +o default +o bashdefault 2>/dev/null ;;
        3) return 0 ;;
        *) return 1 ;;
    esac
    while IFS= read -r word; do
        [[ -n $word ]] || continue
        [[ $word != *= ]] || compopt -o nospace 2>/dev/null
        COMPREPLY+=("${word#"$kept"}")
    done <<<"$answer"
    return 0
}
