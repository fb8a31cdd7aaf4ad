//! The connector `openldap` on 389 Directory Server.

#[macro_use]
mod both;

scenarios! { Ds389;
    passwords: reset change a_reset_asks_for_a_new_password a_policy_that_does_not_ask_is_told
        must_change_on_the_operators_word must_change_without_a_proof_is_noted must_change_refused_by_the_operator unlock
        a_reset_of_a_locked_account a_reset_that_unlocks everything_at_once verify status odd_passwords_are_set_exactly
        the_example_grants_what_it_lists;
    refusals: too_short too_short_for_this_account in_history too_young wrong_old_password locked not_granted;
    accounts: unknown excluded ambiguous names_that_try_to_be_more names_with_a_meaning_elsewhere a_dn_full_of_escapes;
    service: without_the_right a_change_needs_no_right wrong_service_password wrong_authority
        a_connector_for_another_directory the_kind_of_server_by_its_own_word;
    outages: the_answer_is_lost the_answer_and_the_server_are_lost the_request_is_lost
        the_answer_is_lost_and_nobody_looks the_answer_to_an_unlock_is_lost what_follows_the_password_is_lost
        the_answer_to_a_search_is_lost the_answer_to_a_bind_is_lost the_confirmation_is_lost
        the_server_ends_and_comes_back;
    reach: ldaps start_tls;
}
